"""The stock clients that hospitals' scripts are made of."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from node import engine as database
from node.db import Instance, Study
from node.fileformat import FileMeta, data_set_offset, encode
from node.receiver import Receiver

pytestmark = pytest.mark.dcmtk

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
COUNT = 30


@pytest.fixture
def run(receiver: Receiver) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return the runner of a dcmtk client against the receiver: `run("echoscu", *options, files=…)`."""

    def run(client: str, *options: str, called: str = "LUMBARNODE") -> subprocess.CompletedProcess[str]:
        # pynetdicom installs programs of the same names beside Python
        program = shutil.which(client, path=os.pathsep.join(("/usr/bin", "/usr/local/bin")))
        if program is None:
            pytest.skip(f"dcmtk's {client} is not installed (Debian: dcmtk)")
        address = ["-aec", called, "127.0.0.1", str(receiver.port)]
        return subprocess.run(
            [program, *address, *options], capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def study(tmp_path: Path, data_set: Callable[..., bytes]) -> Path:
    """Return a folder with the files of a study."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(COUNT):
        uid = f"1.2.3.4.{number}"
        head = encode(FileMeta(CT, uid, EXPLICIT, "A", "B"))
        (folder / f"{number}.dcm").write_bytes(head + data_set(uid))
    return folder


def _sent(engine: Engine, receiver: Receiver) -> dict[str, bytes]:
    assert receiver.flush(10)
    with database.readers(engine)() as session:
        instances = session.scalars(select(Instance)).all()
    root = Path(str(engine.url.database)).parent
    return {instance.sop_instance_uid: _body(root / instance.path) for instance in instances}


def _body(path: Path) -> bytes:
    data = path.read_bytes()
    return data[data_set_offset(memoryview(data)) :]


def test_echoscu(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert run("echoscu").returncode == 0
    refused = run("echoscu", called="ELSEWHERE")
    assert refused.returncode != 0
    assert "Called AE Title Not Recognized" in refused.stderr


def test_storescu_with_nagle(
    run: Callable[..., subprocess.CompletedProcess[str]],
    study: Path,
    receiver: Receiver,
    engine: Engine,
    data_set: Callable[..., bytes],
) -> None:
    done = run("storescu", "+sd", str(study))
    assert (done.returncode, done.stderr) == (0, "")
    expected = {f"1.2.3.4.{n}": data_set(f"1.2.3.4.{n}") for n in range(COUNT)}
    assert _sent(engine, receiver) == expected


def test_parallel_repeated_storescu_is_one_study(
    run: Callable[..., subprocess.CompletedProcess[str]], study: Path, receiver: Receiver, engine: Engine
) -> None:
    program = run("echoscu").args[0].replace("echoscu", "storescu")
    command = [
        program,
        "-aec",
        "LUMBARNODE",
        "127.0.0.1",
        str(receiver.port),
        "--repeat",
        "2",
        "+sd",
        str(study),
    ]
    clients = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    assert [client.communicate(timeout=60)[1] for client in clients] == [b""] * 4
    assert len(_sent(engine, receiver)) == COUNT
    with database.readers(engine)() as session:
        (row,) = session.scalars(select(Study))
    assert (row.revision, row.state) == (1, "receiving")


def test_storescu_that_aborts(
    run: Callable[..., subprocess.CompletedProcess[str]], study: Path, receiver: Receiver, engine: Engine
) -> None:
    assert run("storescu", "--abort", "+sd", str(study)).returncode == 0
    assert run("echoscu").returncode == 0
    assert len(_sent(engine, receiver)) == COUNT
