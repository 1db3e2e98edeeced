"""The doctor against real folders, ports and peers."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, Verification

from models import manifest
from node import engine as databases
from node.doctor import Check, delivery, examine, machine, network, storage
from node.settings import Settings, parse


@pytest.fixture
def peer() -> Iterator[int]:
    """Port of a Verification SCP with the title PACS, which accepts calls to PACS only."""
    ae = AE(ae_title="PACS")
    ae.require_called_aet = True
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    yield server.socket.getsockname()[1]
    server.shutdown()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something that is not DICOM listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def settings_with(tmp_path: Path, **values: Any) -> Settings:
    base = {"data_dir": tmp_path / "data", "receiver": {"port": 0, "min_free_bytes": 0}, "web": {"port": 0}}
    return parse({**base, **values}, "test")


def only(checks: Iterator[Check]) -> Check:
    (check,) = checks
    return check


def test_another_backbone_must_load(tmp_path: Path) -> None:
    assert list(machine.backbone(settings_with(tmp_path))) == []
    chosen = settings_with(tmp_path, worker={"backbone": str(manifest.WEIGHTS / "vit")})
    assert only(machine.backbone(chosen)).verdict == "ok"
    wrong = only(machine.backbone(settings_with(tmp_path, worker={"backbone": str(tmp_path)})))
    assert (wrong.verdict, "manifest cannot be read" in wrong.text) == ("failed", True)
    assert "worker.backbone" in wrong.advice


def test_a_fresh_site_fails_nowhere_and_is_left_untouched(tmp_path: Path) -> None:
    checks = list(examine(settings_with(tmp_path)))
    assert [c for c in checks if c.verdict == "failed" and not c.name.startswith("model")] == []
    assert {"data_dir", "database", "receiver", "destinations", "device", "decoders"} <= {
        c.name for c in checks
    }
    assert list(tmp_path.iterdir()) == []


def test_every_check_that_is_not_ok_says_what_to_do(tmp_path: Path, taken: int) -> None:
    settings = settings_with(
        tmp_path,
        receiver={"port": taken, "host": "127.0.0.1", "min_free_bytes": 1 << 60},
        web={"port": taken},
        cases={"clinical_dir": tmp_path / "none"},
        worker={"device": "cuda:9"},
        destinations=[
            {"name": "off", "ae_title": "OFF", "host": "127.0.0.1", "port": taken, "timeout_s": 0.2}
        ],
    )
    steps = (storage.data_folder, storage.clinical, network.web, delivery.destinations)
    found = [only(step(settings)) for step in steps]
    assert all(check.verdict != "ok" and check.advice for check in found)


def test_destination_that_answers(tmp_path: Path, peer: int) -> None:
    to = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": peer}
    assert only(delivery.destinations(settings_with(tmp_path, destinations=[to]))).verdict == "ok"


def test_destination_with_another_title_says_who_rejected(tmp_path: Path, peer: int) -> None:
    to = {"name": "pacs", "ae_title": "OTHER", "host": "127.0.0.1", "port": peer}
    check = only(delivery.destinations(settings_with(tmp_path, destinations=[to])))
    assert check.verdict == "failed"
    assert "Called AE title not recognised" in check.text


@pytest.mark.parametrize(
    ("commitment", "verdict", "text"),
    [
        ("none", "ok", "answers; commitment is none, it offers c-find"),
        ("c-find", "ok", "answers; c-find confirms what it takes"),
        ("storage-commitment", "warning", "does not accept storage-commitment: c-find confirms instead"),
    ],
)
def test_destination_that_confirms_or_does_not(
    tmp_path: Path, commitment: str, verdict: str, text: str
) -> None:
    ae = AE(ae_title="PACS")
    ae.add_supported_context(Verification)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    to = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": server.server_address[1]}
    given = settings_with(tmp_path, destinations=[{**to, "commitment": commitment}])
    check = only(delivery.destinations(given))
    server.shutdown()
    assert check.verdict == verdict
    assert text in check.text


def test_destination_that_confirms_nothing(tmp_path: Path, peer: int) -> None:
    to = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": peer, "commitment": "c-find"}
    check = only(delivery.destinations(settings_with(tmp_path, destinations=[to])))
    assert check.verdict == "warning"
    assert "does not accept c-find: a C-STORE's success has to do" in check.text


def test_destination_with_a_ca_that_is_not_there(tmp_path: Path, peer: int) -> None:
    to = {
        "name": "pacs",
        "ae_title": "PACS",
        "host": "127.0.0.1",
        "port": peer,
        "tls": True,
        "ca": "none.pem",
    }
    check = only(delivery.destinations(settings_with(tmp_path, destinations=[to])))
    assert (check.verdict, "No such file" in check.text) == ("failed", True)


def test_folder_and_web_service(tmp_path: Path, taken: int) -> None:
    folder = {"name": "out", "kind": "folder", "path": tmp_path}
    web = {"name": "web", "kind": "stow-rs", "url": f"http://127.0.0.1:{taken}", "timeout_s": 0.2}
    gone = {"name": "gone", "kind": "folder", "path": tmp_path / "none"}
    given = settings_with(tmp_path, destinations=[folder, web, gone])
    assert [check.verdict for check in delivery.destinations(given)] == ["ok", "failed", "failed"]
    assert list(tmp_path.iterdir()) == []


def test_receiver_port_held_by_the_node_itself_is_fine(tmp_path: Path, peer: int) -> None:
    settings = settings_with(tmp_path, receiver={"ae_title": "PACS", "port": peer})
    assert "the node is running" in only(network.receiver(settings)).text


def test_receiver_address_that_this_machine_does_not_have(tmp_path: Path) -> None:
    check = only(network.receiver(settings_with(tmp_path, receiver={"host": "192.0.2.1", "port": 0})))
    assert check.verdict == "failed"
    assert "EADDRNOTAVAIL" in check.text


def test_open_receiver_without_peers_is_a_warning(tmp_path: Path) -> None:
    assert only(network.peers(settings_with(tmp_path, receiver={"host": "0.0.0.0"}))).verdict == "warning"


def test_database_at_the_newest_revision(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    engine = databases.create(settings)
    with engine.begin():
        pass
    assert only(storage.database(settings)).verdict == "warning"
    databases.migrate(engine)
    engine.dispose()
    assert only(storage.database(settings)).verdict == "ok"


def test_database_that_is_no_database(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    settings.data_dir.mkdir()
    (settings.data_dir / "node.db").write_bytes(b"not a database" * 100)
    assert only(storage.database(settings)).verdict == "failed"


def test_damaged_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sagittal"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"damaged")
    fields = dict.fromkeys(manifest.Manifest.__dataclass_fields__, "x")
    fields |= {"files": {"weights.safetensors": "0" * 64}, "metrics": {}, "settings": {}, "documents": {}}  # type: ignore[dict-item]
    (folder / "manifest.json").write_text(json.dumps(fields))
    monkeypatch.setattr(machine, "WEIGHTS", tmp_path)
    monkeypatch.setattr(manifest, "WEIGHTS", tmp_path)
    check = only(machine.models(settings_with(tmp_path)))
    assert check.verdict == "failed"
    assert "sagittal/weights.safetensors: damaged" in check.text
