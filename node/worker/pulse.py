"""The signs of life of a running analysis."""

import time
from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from node import logs, queue
from node.db import Job
from node.worker.messages import Progress

log = logs.get(__name__)

#: seconds between two notes of progress in the database
PROGRESS_INTERVAL = 0.5


class Stopping(Exception):  # noqa: N818 - not an error: the node is told to stop
    """Raised inside a running analysis to end it."""


class Pulse:
    """Keeps the lease of a running analysis, notes its progress, and ends it when told to.

    Parameters
    ----------
    job : Job
    terms : Terms
    writers : sessionmaker
    stopping : callable
        Whether it is time to stop.
    """

    def __init__(
        self,
        job: Job,
        terms: queue.Terms,
        writers: sessionmaker[Session],
        stopping: Callable[[], bool],
    ) -> None:
        self._job = job
        self._terms = terms
        self._writers = writers
        self._stopping = stopping
        self._news: Progress | None = None
        self._last = time.monotonic()

    def __call__(self, progress: Progress | None) -> None:
        """Take note; raise Stopping or LeaseLost to end the analysis."""
        if self._stopping():
            raise Stopping
        self._news = progress or self._news
        wait = PROGRESS_INTERVAL if self._news else self._terms.lease.total_seconds() / 3
        if time.monotonic() - self._last >= wait:
            self._beat()

    def _beat(self) -> None:
        news = asdict(self._news) if self._news else None
        try:
            with self._writers.begin() as session:
                queue.keep(session, self._job, self._terms, news)
        except OperationalError as error:  # the lease may outlast it
            log.warning("database out of reach", error=str(error.orig))
        self._news = None
        self._last = time.monotonic()
