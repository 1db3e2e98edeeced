"""Wrong settings: where they come from, which key it is, what is allowed, and no password."""

from pathlib import Path
from typing import Any

import pytest

from node.errors import ConfigurationError
from node.settings import Segmentation, Settings, load, parse
from pipelines.types import Role


def said(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(values, "node.toml")
    return str(caught.value)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
def test_devices(device: str) -> None:
    assert parse({"worker": {"device": device}}, "test").worker.device == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU", "", "cpu\n"])
def test_other_devices_are_refused(device: str) -> None:
    assert "node.toml: worker.device:" in said({"worker": {"device": device}})
    assert "allowed: auto, cpu, cuda" in said({"worker": {"device": device}})


def test_a_short_token_is_refused_and_not_shown() -> None:
    line = said({"web": {"token": "too short"}})
    assert line.startswith("node.toml: web.token:") and "16" in line and "too short" not in line


def test_an_unknown_key_comes_with_those_that_are_known() -> None:
    assert (
        said({"web": {"prt": 1}})
        == "node.toml: web.prt: unknown key; allowed: enabled, host, port, token (given: 1)"
    )
    assert "destinations.0.foo: unknown key; allowed: name, kind," in said({"destinations": [{"foo": 1}]})
    assert "node.toml: foo: unknown key; allowed: data_dir, database_url," in said({"foo": 1})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("not a url", "not a url"),
        ("mysql://root:p@ss/wo:rd@host/db", "mysql://root:***@host/db"),
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql+psycopg://me:secret@host:port/db", "postgresql+psycopg://me:***@host:port/db"),
        ("oracle://host/db?password=secret&x=1", "oracle://host/db?password=***&x=1"),
    ],
)
def test_a_wrong_database_url_is_shown_without_its_password(url: str, shown: str) -> None:
    text = said({"database_url": url})
    assert text.startswith("node.toml: database_url: ")
    assert f"(given: {shown!r})" in text
    assert "sqlite:" in text
    assert "postgresql+psycopg:" in text
    assert "secret" not in text


def test_the_right_database_urls_pass() -> None:
    for url in ("sqlite:////tmp/node.db", "postgresql+psycopg://me:secret@/db?host=/run"):
        assert parse({"database_url": url}, "test").url == url


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        (
            "LUMBAR_NODE_FOO",
            "1",
            "LUMBAR_NODE_FOO: no setting has this name; allowed: LUMBAR_NODE_AUDIT, LUMBAR_NODE_CASES,",
        ),
        ("LUMBAR_NODE_RECEIVER_PORT", "1", "LUMBAR_NODE_RECEIVER_PORT: no setting"),
        (
            "LUMBAR_NODE_RECEIVER__PRT",
            "1",
            "LUMBAR_NODE_RECEIVER__PRT: receiver.prt: unknown key; allowed: ae_title,",
        ),
        ("LUMBAR_NODE_RECEIVER__PORT", "x", "LUMBAR_NODE_RECEIVER__PORT: receiver.port: Input should be"),
        ("lumbar_node_web", '{"port": "x"}', "lumbar_node_web: web.port: Input should be"),
        ("LUMBAR_NODE_DESTINATIONS", "x", "LUMBAR_NODE_DESTINATIONS: not valid JSON (given: 'x')"),
        ("LUMBAR_NODE_DATABASE_URL", "a:b", "LUMBAR_NODE_DATABASE_URL: database_url: not a database URL"),
    ],
)
def test_an_environment_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, text: str
) -> None:
    (tmp_path / "node.toml").write_text("[cases]\npairing_days = 1\n")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "node.toml")
    assert str(caught.value).startswith(text)


def test_file_and_environment_may_both_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBAR_NODE_WEB__PORT", "x")
    text = said({"receiver": {"port": -1}})
    assert text.startswith("LUMBAR_NODE_WEB__PORT: web.port: ")
    assert "; node.toml: receiver.port: " in text


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBAR_NODE_WEB__PORT", "7")
    assert parse({"web": {"port": 8, "enabled": False}}, "test").web.model_dump() == {
        **Settings().web.model_dump(),
        "enabled": False,
        "port": 7,
    }


def test_a_segmenter_is_a_name_or_a_table_with_its_options() -> None:
    bundle = {"backend": "monai-bundle", "path": "/srv/spine"}
    settings = parse({"segmentation": {"ct": "mine", "mr_sag_t2": bundle, "mr_axial": "shipped"}}, "test")
    assert settings.segmentation.chosen == {"ct": {"backend": "mine"}, "mr_sag_t2": bundle}
    assert parse({}, "test").segmentation.chosen == {}


def test_every_role_can_have_a_segmenter() -> None:
    assert set(Segmentation.model_fields) == {role.value for role in Role}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (3, 'segmentation.ct: give the name of a segmenter, or { backend = "name", … } with its options'),
        ("", "segmentation.ct.backend: String should have at least 1 character"),
        ({"backend": 3}, "segmentation.ct.backend: Input should be a valid string"),
    ],
)
def test_what_is_no_segmenter_is_refused(given: Any, line: str) -> None:
    assert line in said({"segmentation": {"ct": given}})


def test_an_unknown_role_comes_with_those_that_are_known() -> None:
    assert "segmentation.xr: unknown key; allowed: ct, mr_sag_t1," in said({"segmentation": {"xr": "mine"}})


def test_segmenters_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBAR_NODE_SEGMENTATION__CT__BACKEND", "mine")
    monkeypatch.setenv("LUMBAR_NODE_SEGMENTATION__CT__PATH", "/srv")
    assert parse({}, "test").segmentation.chosen == {"ct": {"backend": "mine", "path": "/srv"}}
    monkeypatch.setenv("LUMBAR_NODE_SEGMENTATION__MR_SAG", "mine")
    assert said({}) == "LUMBAR_NODE_SEGMENTATION__MR_SAG: not valid JSON (given: 'mine')"


SCP = {"ae_title": "A", "host": "127.0.0.1", "port": 104}


@pytest.mark.parametrize(
    ("destination", "text"),
    [
        ({"kind": "fax"}, "destinations.0: kind is c-store, stow-rs or folder"),
        ({"ae_title": "A", "host": "h"}, "node.toml: destinations.0.port: Field required"),
        ({"kind": "stow-rs"}, "destinations.0.url: Field required"),
        (
            {"kind": "folder", "path": "x", "port": 104},
            "destinations.0.port: unknown key; allowed: name, kind,",
        ),
        ({**SCP, "ca": "ca.pem"}, "ca, certificate and key need tls = true"),
        ({**SCP, "tls": True, "key": "k.pem"}, "certificate and key belong together"),
        ({"kind": "stow-rs", "url": "ftp://x"}, "destinations.0.url:"),
        ({"kind": "stow-rs", "url": "https://x", "user": "u"}, "user and password belong together"),
        (
            {"kind": "stow-rs", "url": "https://x", "user": "u", "password": "p", "token": "t"},
            "give token, or user and password, not both",
        ),
    ],
)
def test_a_destination_fits_its_kind(destination: dict[str, object], text: str) -> None:
    assert text in said({"destinations": [{"name": "d", **destination}]})


def test_a_destination_s_secrets_are_not_shown() -> None:
    web = {"name": "d", "kind": "stow-rs", "url": "https://x"}
    for wrong in (
        {"user": "u", "token": "hush"},
        {"password": "hush"},
        {"kind": "fax", "token": "hush"},
        {"url": "https://u:hush@x"},
    ):
        text = said({"destinations": [{**web, **wrong}]})
        assert "destinations.0" in text
        assert "hush" not in text


def test_settings_survive_being_written_and_read() -> None:
    folder = {"name": "out", "kind": "folder", "path": "x"}
    settings = parse({"destinations": [{"name": "d", **SCP}, folder]}, "test")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("receiver", "text"),
    [
        ({"plain": False}, "needs [receiver.tls]"),
        ({"tls": {"certificate": "a", "key": "b", "client_certificates": "required"}}, "needs client_ca"),
        ({"peers": [{"ae_title": "A", "port": 104}]}, "peer A: port needs host"),
    ],
)
def test_a_receiver_that_contradicts_itself(receiver: dict[str, object], text: str) -> None:
    assert text in said({"receiver": receiver})
