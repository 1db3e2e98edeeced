"""Storage SCPs in processes of their own, and what /proc says about a process (Linux)."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node import engine as database
from node.settings import parse

START_S = 60.0  #: seconds that a process may take to listen
LOOK_S = 0.05  #: seconds between two looks whether it does


@dataclass(frozen=True, slots=True)
class Listening:
    """A Storage SCP on 127.0.0.1."""

    ae_title: str
    port: int
    pid: int


@contextmanager
def receiver(data_dir: Path, quiet_s: float = 60.0) -> Iterator[Listening]:
    """Run `lumbar-node serve --role receiver` for a migrated database.

    Parameters
    ----------
    data_dir : Path
        The node's folder; made if missing.
    quiet_s : float
        Seconds after the newest object, and after the release, until a study is complete.
    """
    config = data_dir / "receiver.toml"
    data_dir.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f'data_dir = "{data_dir}"\nlog_level = "error"\nreceiver.port = 0\n'
        f"completeness = {{ quiet_s = {quiet_s}, release_s = {quiet_s} }}\n",
        encoding="utf-8",
    )
    database.migrate(database.create(parse({"data_dir": data_dir}, "benchmark")))
    published = data_dir / "run" / "receiver.json"
    command = (sys.executable, "-m", "node.cli", "serve", "--config", str(config), "--role", "receiver")
    with _running(command, published.exists) as pid:
        facts = json.loads(published.read_text("utf-8"))
        yield Listening(facts["ae_title"], facts["port"], pid)


@contextmanager
def stock_storescp(folder: Path) -> Iterator[Listening]:
    """Run pynetdicom's own `storescp`, which writes files but does not wait for the disk.

    Parameters
    ----------
    folder : Path
        Gets the objects; made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    application = (sys.executable, "-m", "pynetdicom", "storescp", str(port))
    options = ("--quiet", "--bind-address", "127.0.0.1", "--output-directory", str(folder))
    with _running((*application, *options), lambda: _answers(port)) as pid:
        yield Listening("STORESCP", port, pid)


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has had resident, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def loaded_libraries(pid: int, package: str) -> set[str]:
    """Return the shared libraries of a Python package that a process has mapped."""
    lines = Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines()
    paths = {line.split(maxsplit=5)[-1] for line in lines}
    return {path for path in paths if f"/site-packages/{package}/" in path}


@contextmanager
def _running(command: tuple[str, ...], listens: Callable[[], bool]) -> Iterator[int]:
    """Run a command, wait until it listens, and end it afterwards."""
    process = subprocess.Popen(command)
    deadline = time.monotonic() + START_S
    try:
        while not listens():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)}: does not listen within {START_S:.0f} s")
            time.sleep(LOOK_S)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
