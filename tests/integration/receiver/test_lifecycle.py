import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from node import engine as database
from node.db import Instance, Refusal, Study
from node.errors import ConfigurationError
from node.receiver import Receiver
from node.settings import Settings


def test_the_bound_port_is_published_while_it_lasts(settings: Settings, engine: Engine) -> None:
    published = settings.data_dir / "run" / "receiver.json"
    with Receiver(settings, engine) as receiver:
        facts = json.loads(published.read_text())
        assert facts["port"] == receiver.port > 0
        assert (facts["host"], facts["ae_title"]) == ("127.0.0.1", "LUMBARNODE")
        assert facts["pid"] > 0
    assert not published.exists()


def test_a_taken_port_is_named(settings_of: Callable[..., Settings], engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"receiver\.port {port}: cannot be listened on"):
            Receiver(settings_of(port=port), engine).start()
    with Receiver(settings_of(port=port), engine) as receiver:  # nothing is left of the failure
        assert receiver.port == port


def test_two_receivers_do_not_share_a_folder(settings: Settings, engine: Engine, receiver: Receiver) -> None:
    with pytest.raises(ConfigurationError, match="another process is receiver"):
        Receiver(settings, engine).start()


def test_stopping_ends_open_associations_and_keeps_what_was_acknowledged(
    settings: Settings, engine: Engine, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    receiver = Receiver(settings, engine)
    receiver.start()
    with associate(receiver.port) as peer:
        assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == 0x0000
        receiver.stop()
        assert peer.pdu()[0] in {0, 7}  # closed, or A-ABORT
    with database.readers(engine)() as session:
        assert session.scalars(select(Instance.sop_instance_uid)).all() == ["1.2.3.4.1"]


def test_changes_are_announced(
    settings: Settings, engine: Engine, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    seen: list[int] = []

    def on_change() -> None:
        with database.readers(engine)() as session:
            seen.append(len(session.scalars(select(Study)).all()))

    with Receiver(settings, engine, on_change) as receiver:
        with associate(receiver.port) as peer:
            peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        assert receiver.flush(10)
    assert seen[0] == 1


def test_the_index_is_rebuilt_from_the_files(
    settings: Settings, engine: Engine, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    with Receiver(settings, engine) as receiver, associate(receiver.port) as peer:
        for number in range(3):
            peer.store(data_set(f"1.2.3.4.{number}"), f"1.2.3.4.{number}")
        peer.store(data_set("1.2.3.4.0", PatientName="OTHER"), "1.2.3.4.0")
    before = _facts(engine)
    with database.sessions(engine).begin() as session:
        for table in (Study, Refusal):
            session.query(table).delete()
    (settings.data_dir / "incoming" / "cut-off.part").write_bytes(b"half an object")
    strange = settings.data_dir / "objects" / "00" / "strange.dcm"
    strange.parent.mkdir(exist_ok=True)
    strange.write_bytes(b"not ours")
    with Receiver(settings, engine):
        assert _facts(engine) == before
    assert list((settings.data_dir / "incoming").iterdir()) == []
    with database.readers(engine)() as session:
        (study,) = session.scalars(select(Study))
        assert study.state == "receiving"
        assert study.complete_after is not None


def _facts(engine: Engine) -> list[tuple[object, ...]]:
    with database.readers(engine)() as session:
        instances = session.scalars(select(Instance).order_by(Instance.sop_instance_uid))
        refusals = session.scalars(select(Refusal))
        return [
            *(
                (i.sop_instance_uid, i.sha256, i.size, i.path, i.calling_ae, i.transfer_syntax_uid)
                for i in instances
            ),
            *((r.sop_instance_uid, r.status, r.path, r.calling_ae) for r in refusals),
        ]


def test_a_receiver_of_its_own_stays_below_100_mib(
    tmp_path: Path, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    """As a site starts it, on a fresh folder, and after a burst of slices of 256 x 256 x 16 bit."""
    config = tmp_path / "node.toml"
    folder = tmp_path / "data"
    config.write_text(f'data_dir = "{folder}"\n[receiver]\nport = 0\nmin_free_bytes = 0\n')
    pixels = bytes(2 * 256 * 256)
    command = [sys.executable, "-m", "node.cli", "serve", "-c", str(config), "--role", "receiver"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as node:
        try:
            assert node.stderr is not None
            assert any("started" in line for line in node.stderr)
            port = json.loads((folder / "run" / "receiver.json").read_text())["port"]
            with associate(port) as peer:
                for number in range(108):
                    uid = f"1.2.3.4.{number}"
                    assert peer.store(data_set(uid, PixelData=pixels), uid) == 0x0000
            status = Path(f"/proc/{node.pid}/status").read_text()
            loaded = Path(f"/proc/{node.pid}/maps").read_text()
            node.terminate()
            assert "stopped" in node.stderr.read()
        finally:
            node.kill()
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    assert peak_kib <= 100 * 1024
    assert "libtorch" not in loaded
