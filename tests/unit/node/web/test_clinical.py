"""PUT and GET of clinical variables over the real app."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine, select, update

from node import engine as database
from node.db import Clinical, Study
from node.header import patient_key
from node.settings import Settings, parse
from node.web import WebServer

TOKEN = "a token of the site"
WITH = {"Authorization": f"Bearer {TOKEN}"}
P1 = patient_key("P1")


@pytest.fixture
def secured(settings: Settings) -> Settings:
    return settings.model_copy(update={"web": parse({"web": {"token": TOKEN}}, "test").web})


@pytest.fixture
def client(secured: Settings, filled: Engine) -> Iterator[httpx.Client]:
    with database.sessions(filled).begin() as session:
        session.execute(update(Study).where(Study.study_instance_uid != "1.2.3").values(patient_key=P1))
    with WebServer(secured, filled) as server, _client(server) as client:
        yield client


def _client(server: WebServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False)


def test_put_by_patient_and_by_study(client: httpx.Client, filled: Engine) -> None:
    path = "/api/patients/P1/clinical"
    given = {"age": 61, "osteoporosis": True, "segments": 1, "fused_levels": ["L4-L5"], "bmi": None}
    answer = client.put(path, json=given, headers=WITH)
    kept = {"age": 61.0, "osteoporosis": True, "segments": 1, "fused_levels": ["L4-L5"]}
    assert answer.status_code == 200 and answer.json()["variables"] == kept
    assert client.get("/api/studies/1.2.1/clinical", headers=WITH).json() == {"variables": kept}
    assert client.put("/api/studies/1.2.1/clinical", json={"sex": "F"}, headers=WITH).status_code == 200
    assert client.get(path, headers=WITH).json() == {"variables": {"sex": "F"}}
    with database.readers(filled)() as session:
        assert session.scalars(select(Clinical.patient_key)).all() == [P1]


def test_the_case_is_predicted_again(client: httpx.Client) -> None:
    answer = client.put("/api/patients/P1/clinical", json={"age": 61}, headers=WITH)
    assert answer.json()["analysed_again"] in {"1.2.1", "1.2.2"}
    assert (
        client.put("/api/patients/P1/clinical", json={"age": 61}, headers=WITH).json()["analysed_again"]
        is None
    )


def test_a_patient_id_may_hold_slashes_and_have_an_issuer(client: httpx.Client, filled: Engine) -> None:
    path = "/api/patients/A%2FB/clinical"
    assert client.put(path, params={"issuer": "KSB"}, json={"age": 61}, headers=WITH).status_code == 200
    with database.readers(filled)() as session:
        assert session.scalars(select(Clinical.patient_key)).all() == [patient_key("A/B", "KSB")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"[1]", "one JSON object"),
        (b'{"age": 6100}', "clinical variable age = 6100: must be a number from 18 to 110"),
        (b'{"height": 180}', "an unknown key; allowed are sex, age"),
        (b'{"segments": 1, "fused_levels": ["L4-L5", "L5-S1"]}', "must name 1 levels"),
        (b'{"age": NaN}', "must be a number"),
    ],
)
def test_what_is_not_allowed_is_named_and_not_stored(client: httpx.Client, body: bytes, said: str) -> None:
    answer = client.put("/api/patients/P1/clinical", content=body, headers=WITH)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert client.get("/api/patients/P1/clinical", headers=WITH).json() == {"variables": {}}


def test_a_large_body_is_refused(client: httpx.Client) -> None:
    answer = client.put("/api/patients/P1/clinical", content=b" " * 70_000, headers=WITH)
    assert answer.status_code == 413


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_without_the_token_nothing_is_told_or_taken(
    client: httpx.Client, headers: dict[str, str], method: str
) -> None:
    answer = client.request(method, "/api/patients/P1/clinical", headers=headers, json={"age": 61})
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/patients/P1/clinical", headers=WITH).json() == {"variables": {}}


def test_a_node_without_a_token_takes_none(settings: Settings, filled: Engine) -> None:
    with WebServer(settings, filled) as server, _client(server) as client:
        answer = client.put("/api/patients/P1/clinical", json={"age": 61}, headers=WITH)
    assert answer.status_code == 403 and "web.token" in answer.json()["error"]


@pytest.mark.parametrize(("uid", "said"), [("9.9", "no such study"), ("1.2.3", "no Patient ID")])
def test_studies_without_a_patient(client: httpx.Client, uid: str, said: str) -> None:
    answer = client.put(f"/api/studies/{uid}/clinical", json={"age": 61}, headers=WITH)
    assert answer.status_code == 404 and said in answer.json()["error"]


def test_the_token_shows_nowhere(secured: Settings) -> None:
    assert TOKEN not in repr(secured)
