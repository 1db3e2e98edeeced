"""The worker role: warm processes, each with a thread of its own."""

from sqlalchemy import Engine

from node import logs, queue
from node.engine import sessions
from node.loop import Bell, OnDeath
from node.seat import Seat
from node.settings import Settings
from node.worker import ANALYSE
from node.worker.slot import Slot

log = logs.get(__name__)

ROLE = "worker"


class Supervisor:
    """The worker role: `worker.processes` slots.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    bell : Bell
    on_death : callable
        See `Loop`.
    function : str
        "package.module:function" that the processes run.
    """

    def __init__(
        self, settings: Settings, engine: Engine, bell: Bell, on_death: OnDeath, function: str = ANALYSE
    ) -> None:
        self._sessions = sessions(engine)
        self._seat = Seat(settings.data_dir, ROLE)
        names = [f"{self._seat.holder}{number}" for number in range(settings.worker.processes)]
        self._slots = [Slot(name, settings, engine, bell, function) for name in names]
        self._loops = [slot.loop(on_death) for slot in self._slots]

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are there now."""
        return [slot.process.pid for slot in self._slots]

    def start(self) -> None:
        """Take over what an earlier process left, and begin.

        Raises
        ------
        ConfigurationError
            If another process works for this data folder.
        """
        self._seat.take()
        with self._sessions.begin() as session:
            orphans = queue.expire(session, self._seat.holder)
        if orphans:
            log.warning("taking over the jobs of a process that died", jobs=orphans)
        for slot, loop in zip(self._slots, self._loops, strict=True):
            slot.process.start()
            loop.start()

    def stop(self) -> None:
        """End the running analyses at once and hand their jobs back."""
        for loop in self._loops:
            loop.ask_to_stop()
        for slot, loop in zip(self._slots, self._loops, strict=True):
            loop.await_end()
            slot.process.stop()
        self._seat.leave()
