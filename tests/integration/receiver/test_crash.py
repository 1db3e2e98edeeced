"""kill -9: what was acknowledged is there, as it was sent, and in the index."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from waiting import wait_until

from node import engine as database
from node.db import Instance, Study
from node.fileformat import data_set_offset
from node.receiver import Receiver
from node.settings import Settings

SENDERS = 3
ENOUGH = 25  #: acknowledged objects before the kill

PROGRAM = """
import sys
from node import engine as database
from node.receiver import Receiver
from node.settings import Settings
settings = Settings.model_validate_json(sys.argv[1])
with Receiver(settings, database.create(settings)):
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _running(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a receiver in a process of its own; give the process and its port."""
    command = [sys.executable, "-c", PROGRAM, settings.model_dump_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any(line == "ready\n" for line in process.stdout)
            yield process, json.loads((settings.data_dir / "run" / "receiver.json").read_text())["port"]
        finally:
            process.kill()


def _push(
    sender: int,
    port: int,
    associate: type[Any],
    data_set: Callable[..., bytes],
    acknowledged: dict[str, bytes],
) -> None:
    """Send objects until the receiver is gone; note those that were answered with success."""
    with associate(port) as peer:
        for number in range(1000):
            uid = f"1.2.3.4.{sender}.{number}"
            data = data_set(uid, PixelData=bytes(64 << 10))
            try:
                status = peer.store(data, uid)
            except OSError:
                return
            if status != 0x0000:
                return
            acknowledged[uid] = data


def test_nothing_that_was_acknowledged_is_lost(
    settings: Settings, engine: Engine, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    acknowledged: dict[str, bytes] = {}
    with _running(settings) as (process, port):
        arguments = (port, associate, data_set, acknowledged)
        senders = [threading.Thread(target=_push, args=(number, *arguments)) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        wait_until(lambda: len(acknowledged) >= ENOUGH)
        process.send_signal(signal.SIGKILL)
        for sender in senders:
            sender.join()
    with Receiver(settings, engine):
        assert list((settings.data_dir / "incoming").iterdir()) == []
        with database.readers(engine)() as session:
            (study,) = session.scalars(select(Study))
            assert study.state == "receiving"
            assert study.complete_after is not None
            paths = {
                i.sop_instance_uid: settings.data_dir / i.path for i in session.scalars(select(Instance))
            }
    assert {uid: _body(paths[uid]) for uid in acknowledged} == acknowledged
    assert len(paths) <= len(acknowledged) + SENDERS  # at most one more each: stored, but not yet answered


def _body(path: Path) -> bytes:
    data = path.read_bytes()
    return data[data_set_offset(memoryview(data)) :]
