"""Threads that do what is due and sleep until the next thing is, or until somebody rings."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from node import logs

log = logs.get(__name__)

#: Longest sleep in seconds. Whoever makes work in another process cannot ring.
LONGEST_SLEEP = 1.0

OnDeath = Callable[[], None]
Written = TypeVar("Written")


class Bell:
    """Wakes every loop of this process; one bell, because a look at an empty queue is cheap."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How often the bell has been rung."""
        with self._rung:
            return self._count

    def ring(self) -> None:
        """Say that there is something new to do."""
        with self._rung:
            self._count += 1
            self._rung.notify_all()

    def wait(self, seen: int, seconds: float) -> None:
        """Sleep until the bell has been rung more than `seen` times, at most `seconds`."""
        with self._rung:
            self._rung.wait_for(lambda: self._count > seen, timeout=seconds)


class Loop(threading.Thread):
    """A daemon thread that takes one step after the other until it is told to stop.

    Parameters
    ----------
    name : str
    step : callable
        Does what is due and returns the seconds that it may sleep; 0: call again at once. It may be
        called again at any time.
    bell : Bell
        Cuts the sleep short.
    on_death : callable
        Called if a step raises: a bug, to be met by ending the process, not by a node that looks alive.
        A database that is out of reach is no bug: the step is tried again.
    longest : float
        Longest sleep in seconds, whatever the step says.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        bell: Bell,
        on_death: OnDeath = lambda: None,
        *,
        longest: float = LONGEST_SLEEP,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._step = step
        self._bell = bell
        self._on_death = on_death
        self._longest = longest
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether the loop has been told to stop."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Take steps until told to stop."""
        try:
            while not self.stopping:
                seen = self._bell.count
                seconds = self._guarded_step()
                if seconds > 0 and not self.stopping:
                    self._bell.wait(seen, min(seconds, self._longest))
        finally:
            if not self.stopping:
                self._on_death()

    def ask_to_stop(self) -> None:
        """Let no further step begin."""
        self._stopping.set()
        self._bell.ring()

    def await_end(self, seconds: float | None = None) -> None:
        """Wait for the step that runs, if the thread was ever started."""
        if self.ident is not None:
            self.join(seconds)

    def _guarded_step(self) -> float:
        try:
            return self._step()
        except OperationalError as error:
            log.warning("database out of reach", loop=self.name, error=str(error.orig))
            return LONGEST_SLEEP


def seconds_until(*moments: datetime | None) -> float:
    """Return the seconds until the earliest of the given moments; never negative."""
    known = [moment for moment in moments if moment is not None]
    if not known:
        return LONGEST_SLEEP
    return max(0.0, (min(known) - datetime.now(UTC)).total_seconds())


def persist(
    writers: sessionmaker[Session], write: Callable[[Session], Written], stopping: Callable[[], bool]
) -> Written:
    """Write in a transaction, and again while the database is out of reach: what happened must be kept.

    Raises
    ------
    OperationalError
        If the database is still out of reach when it is time to stop.
    """
    pause = threading.Event()
    while True:
        try:
            with writers.begin() as session:
                return write(session)
        except OperationalError as error:
            if stopping():
                raise
            log.warning("database out of reach", error=str(error.orig))
            pause.wait(LONGEST_SLEEP)
