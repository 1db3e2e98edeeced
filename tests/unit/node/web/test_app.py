"""The pages, the JSON and the figures, over a real socket."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine

from node.errors import ConfigurationError
from node.settings import Settings, parse
from node.web import WebServer


@pytest.fixture
def client(settings: Settings, filled: Engine) -> Iterator[httpx.Client]:
    with WebServer(settings, filled) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def test_status_page_shows_states_progress_deliveries_and_refusals(client: httpx.Client) -> None:
    page = client.get("/").text
    for text in (
        "analysing",
        "segmentation · 40 %",
        "2 delivered",
        "1 sent",
        "1 refused",
        "UIDs differ",
        "A900",
        "RESEARCH @ 192.0.2.2:104",
        "https://192.0.2.3/dicom-web",
        "/srv/out",
    ):
        assert text in page


def test_reasons_are_escaped(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "head &lt;b&gt;" in page and "head <b>" not in page


def test_status_page_of_one_state(client: httpx.Client) -> None:
    page = client.get("/", params={"state": "ignored"}).text
    assert "/studies/1.2.3" in page and "/studies/1.2.1" not in page


def test_pages_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "src=" not in answer.text and "http://" not in answer.text and "<script" not in answer.text


def test_study_page_shows_results_and_history(client: httpx.Client) -> None:
    page = client.get("/studies/1.2.1").text
    for text in (
        "Risk (SR)",
        "1.2.1.940",
        "0x0122 SOP class",
        "commitment",
        "quiet",
        "asdeg 81 %, high",
        "2.9 KiB",
    ):
        assert text in page


def test_study_page_shows_what_a_shadow_answered(client: httpx.Client) -> None:
    page = client.get("/studies/1.2.1").text
    for text in ("Shadow models · compared, not reported", "42 %, moderate", "failed: MODEL_INVALID"):
        assert text in page
    assert "Shadow models" not in client.get("/studies/1.2.2").text
    first, second = client.get("/api/studies/1.2.1").json()["shadows"]
    assert (first["version"], first["answer"]["probability"], first["active"]["version"]) == (
        "2.0",
        0.42,
        "1.0",
    )
    assert second["active"] == {}


@pytest.mark.parametrize("path", ["/studies/9.9", "/api/studies/9.9", "/nothing"])
def test_what_is_not_there_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "state=asleep"])
def test_wrong_queries_say_what_is_allowed(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/api/studies?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text


def test_json_tells_the_same(client: httpx.Client) -> None:
    found = client.get("/api/studies").json()
    assert found["counts"] == {"done": 1, "analysing": 1, "ignored": 1}
    assert [study["study_instance_uid"] for study in found["studies"]] == ["1.2.3", "1.2.2", "1.2.1"]
    assert found["studies"][1]["fraction"] == 0.4
    assert found["studies"][2]["deliveries"][1]["error"] == "0x0122 SOP class"
    assert (found["studies"][2]["deliveries"][1]["sent"], found["destinations"][1]["sent"]) == (1, 1)
    results = client.get("/api/studies/1.2.1").json()["results"]
    assert results[1]["summary"]["predictions"]
    assert results[0]["deliveries"][0]["confirmed_by"] == "commitment"
    assert len(client.get("/api/studies?limit=1").json()["studies"]) == 1


def test_figures_for_prometheus(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    assert 'lumbar_node_studies{state="done"} 1.0' in text
    assert 'lumbar_node_deliveries{destination="research",state="refused"} 1.0' in text
    assert 'lumbar_node_jobs{kind="analyse",state="running"} 1.0' in text
    assert "lumbar_node_instances 9.0" in text


def test_health(client: httpx.Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


def test_health_fails_when_the_disk_is_low(settings: Settings, engine: Engine) -> None:
    low = settings.model_copy(
        update={"receiver": settings.receiver.model_copy(update={"min_free_bytes": 1 << 62})}
    )
    with WebServer(low, engine) as server:
        answer = httpx.get(f"{server.url}healthz", trust_env=False)
    assert answer.status_code == 503
    assert "bytes free" in answer.json()["reason"]


def test_a_taken_port_is_a_configuration_error(settings: Settings, engine: Engine) -> None:
    with WebServer(settings, engine) as first:
        taken = parse({"web": {"port": int(first.url.rstrip("/").rsplit(":", 1)[1])}}, "test")
        with pytest.raises(ConfigurationError, match=r"web\.port"):
            WebServer(taken, engine).start()


def test_a_node_without_studies_says_so(settings: Settings, engine: Engine) -> None:
    with WebServer(settings, engine) as server:
        assert "No studies yet" in httpx.get(server.url, trust_env=False).text
