"""A node in a process of its own, to be stopped and killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import workers
from waiting import wait_until

from node.settings import Settings

SCRIPT = Path(next(iter(workers.__path__))) / "serve_node.py"
START_S = 60.0


@dataclass
class Served:
    """A node in a process of its own."""

    settings: Settings
    process: "subprocess.Popen[bytes]"

    @property
    def port(self) -> int:
        """The receiver's port, once it listens."""
        published = self.settings.data_dir / "run" / "receiver.json"

        def is_published() -> bool:
            assert self.process.poll() is None
            try:
                return bool(json.loads(published.read_text())["pid"] == self.process.pid)
            except FileNotFoundError:
                return False

        wait_until(is_published, START_S)
        return int(json.loads(published.read_text())["port"])

    def children(self) -> list[int]:
        """Process ids of its worker processes."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def end(self, number: int) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def kill(self) -> None:
        """Take it down without a word."""
        assert self.end(signal.SIGKILL) == -signal.SIGKILL


Serve = Callable[..., Served]


@contextmanager
def serving() -> Iterator[Serve]:
    """Give the starter of nodes, `serve(settings, function, *roles)`; what still runs is killed."""
    with ExitStack() as stack:

        def start(given: Settings, function: str = "report", *roles: str) -> Served:
            given.data_dir.mkdir(exist_ok=True)
            path = given.data_dir / f"settings{'-'.join(('', *roles))}.json"
            path.write_text(given.model_dump_json())
            command = [sys.executable, str(SCRIPT), str(path), f"workers.analyses:{function}", *roles]
            process = subprocess.Popen(command)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return Served(given, process)

        yield start
