"""The loop that looks now and then whether something may go."""

import os

from sqlalchemy import Engine

from node import logs
from node.completeness import utc_now
from node.engine import readers
from node.loop import Bell, Loop, OnDeath
from node.retention import rules
from node.retention.purge import Purger
from node.settings import Settings

log = logs.get(__name__)

GIB = 1 << 30


class Keeper:
    """Removes what the rules let go.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    on_death : callable
        See `Loop`.
    """

    def __init__(self, settings: Settings, engine: Engine, on_death: OnDeath) -> None:
        self._settings = settings
        self._readers = readers(engine)
        self._purger = Purger(settings, engine)
        self._bell = Bell()
        self._loop = Loop("retention", self.step, self._bell, on_death, longest=settings.retention.interval_s)

    def start(self) -> None:
        """Finish what an earlier process had begun, and begin to look."""
        begun = self._purger.recover()
        if begun:
            log.warning("finished the removal of studies that was interrupted", studies=begun)
        self._loop.start()

    def stop(self) -> None:
        """Stop after the study that is being removed."""
        self._loop.ask_to_stop()
        self._loop.await_end()

    def step(self) -> float:
        """Remove what may go; return the seconds until the next look."""
        self._by_age()
        self._by_space()
        self._results()
        return self._settings.retention.interval_s

    def _by_age(self) -> None:
        with self._readers() as session:
            numbers = [s.id for s in rules.old_enough(session, self._settings.retention, utc_now())]
        for number in numbers:
            if self._loop.stopping:
                return
            self._purger.purge(number)

    def _by_space(self) -> None:
        wanted = self._settings.retention.min_free_gib
        if wanted is None or self._free() >= wanted * GIB:
            return
        with self._readers() as session:
            numbers = [study.id for study in rules.oldest(session, self._settings.retention)]
        for number in numbers:
            if self._loop.stopping or self._free() >= wanted * GIB:
                return
            self._purger.purge(number)
        if self._free() < wanted * GIB:
            log.error("too little room, and nothing more may go: see retention.delivered_only, or make room")

    def _results(self) -> None:
        """Delete the files of old results; their rows stay, so that they are known when they come back."""
        with self._readers() as session:
            paths = [one.path for one in rules.stale_results(session, self._settings.retention, utc_now())]
        for path in paths:
            (self._settings.data_dir / path).unlink(missing_ok=True)

    def _free(self) -> int:
        volume = os.statvfs(self._settings.data_dir)
        return volume.f_bavail * volume.f_frsize
