"""A warm worker process, and the limits that one analysis is held to."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from node.worker import entry
from node.worker.messages import Done, Failure, Order, Progress, Ready

#: seconds between two looks at the clock and at the worker's memory
TICK = 0.25
#: seconds that a worker may take to load the pipelines
START_LIMIT = 300.0

Message = Ready | Progress | Done | Failure
#: called at every tick with the latest progress; whatever it raises ends the analysis
Watch = Callable[[Progress | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one analysis may use."""

    seconds: float  #: by the clock on the wall
    bytes: int  #: resident memory of the process


class WarmProcess:
    """A spawned process that has the pipelines loaded and runs one analysis at a time.

    Spawned, because a fork after CUDA or threads have started is not safe. A worker that crashes, hangs
    or takes too much memory is replaced by a fresh one.

    Parameters
    ----------
    function : str
        "package.module:function", of the shape of `pipelines.analyse.run`.
    limits : Limits
    """

    def __init__(self, function: str, limits: Limits) -> None:
        self._function = function
        self._limits = limits
        self._child: _Child | None = None

    @property
    def pid(self) -> int:
        """Process id of the worker that is there now; 0 if there is none."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Have a worker load the pipelines ahead of the first analysis."""
        self._child = _Child(self._function)

    def run(self, order: Order, watch: Watch) -> Done | Failure:
        """Run one analysis.

        Parameters
        ----------
        order : Order
        watch : callable
            See `Watch`. If it raises, the worker is ended; the next analysis gets a fresh one.

        Returns
        -------
        Done or Failure
            A crash or an exceeded limit is a Failure too; the worker has been replaced by a fresh one.
        """
        if self._child is None or not self._child.is_alive:
            self.stop()
            self._child = _Child(self._function)
        child = self._child
        try:
            answer = self._await_ready(child, watch) or self._await_answer(child, order, watch)
        except BaseException:
            self.stop()
            raise
        if not child.answered:
            self.stop()
            self.start()
        return answer

    def stop(self) -> None:
        """End the worker at once, whatever it is doing."""
        if self._child is not None:
            self._child.end()
        self._child = None

    def _await_ready(self, child: "_Child", watch: Watch) -> Failure | None:
        """Wait until the worker has loaded everything; the time does not count as the analysis'."""
        deadline = time.monotonic() + START_LIMIT
        while not child.loaded:
            failure = self._next(child, deadline, START_LIMIT)
            if isinstance(failure, Failure):
                return failure
            watch(None)
        return None

    def _await_answer(self, child: "_Child", order: Order, watch: Watch) -> Done | Failure:
        child.send(order)
        seconds = self._limits.seconds
        deadline = time.monotonic() + seconds
        while True:
            message = self._next(child, deadline, seconds)
            if isinstance(message, Done | Failure):
                return message
            watch(message if isinstance(message, Progress) else None)

    def _next(self, child: "_Child", deadline: float, seconds: float) -> Message | None:
        """Return the next message, None after a tick without one, a Failure where a limit is broken."""
        message = child.receive()
        if isinstance(message, Done | Failure):
            return message
        if time.monotonic() > deadline:
            return Failure("TIME_LIMIT", f"stopped after {seconds:g} s (worker.timeout_s)")
        if resident_bytes(child.pid) > self._limits.bytes:
            gib = self._limits.bytes / (1 << 30)
            return Failure("MEMORY_LIMIT", f"stopped at more than {gib:g} GiB (worker.memory_gib)")
        return message


class _Child:
    """The spawned process at the other end of a pipe."""

    def __init__(self, function: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        # not daemonic: a pipeline may use processes of its own
        self._process = context.Process(target=entry.main, args=(far, function), name="worker")
        self._process.start()
        far.close()
        self.loaded = False
        self.answered = False  #: whether the latest order has been answered

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def send(self, order: Order) -> None:
        self.answered = False
        try:
            self._pipe.send(order)
        except BrokenPipeError:
            return  # it has died: `receive` will tell

    def receive(self) -> Message | None:
        """Return the next message; None after a tick without one; a Failure if the process has died."""
        ready = wait([self._pipe, self._process.sentinel], timeout=TICK)
        if not ready:
            return None
        try:
            message: Message = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return self._died()
        self.loaded = self.loaded or isinstance(message, Ready)
        self.answered = isinstance(message, Done | Failure)
        return message

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _died(self) -> Failure:
        self._process.join()
        code = self._process.exitcode or 0
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return Failure("WORKER_DIED", f"the worker process ended by itself ({how}); see the log")


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 if it is gone or the system does not tell (not Linux)."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
