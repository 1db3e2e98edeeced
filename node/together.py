"""Several parts that start and stop as one role."""

from contextlib import ExitStack
from typing import Protocol


class Part(Protocol):
    """What a role is made of."""

    def start(self) -> None:
        """Begin; return when others may rely on it."""
        ...

    def stop(self) -> None:
        """End; also where `start` failed."""
        ...


class Together:
    """Parts of one role: started in order, stopped in the opposite one.

    Parameters
    ----------
    *parts : Part
        If one fails to start, those before it are stopped.
    """

    def __init__(self, *parts: Part) -> None:
        self._parts = parts
        self._running = ExitStack()

    def start(self) -> None:
        """Start each part."""
        with ExitStack() as started:
            for part in self._parts:
                started.callback(part.stop)
                part.start()
            self._running = started.pop_all()

    def stop(self) -> None:
        """Stop those that were started."""
        self._running.close()
