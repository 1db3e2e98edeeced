"""The one thread that writes index rows.

An instance is acknowledged when its file is safe; its rows follow here, many in one transaction, because a
commit of their own would halve the rate of reception. What a crash leaves out is rebuilt from the files.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from node import engine as database
from node import logs
from node.completeness import Deadlines, renew, utc_now
from node.errors import StoreError
from node.index.carriers import Carriers
from node.index.filing import Filing
from node.index.messages import Message
from node.settings import Completeness

BATCH = 500
LINGER_S = 0.2  #: how long a batch waits for more
RETRY_S = 1.0  #: pause after the database could not be reached

log = logs.get(__name__)

OnTransfer = Callable[[str, tuple[str, ...], bool], None]


class Indexer:
    """Takes messages from any thread and writes their rows from one.

    Parameters
    ----------
    engine : Engine
    settings : Completeness
    on_change : callable
        Called from the writing thread after each commit.
    on_transfer : callable
        Called from it with calling AE title, studies and good order of an association that has ended.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Completeness,
        on_change: Callable[[], None],
        on_transfer: OnTransfer = lambda _ae, _studies, _released: None,
    ) -> None:
        self._on_transfer = on_transfer
        self._sessions = database.sessions(engine)
        self._deadlines = Deadlines(settings)
        self._on_change = on_change
        self._carriers = Carriers()
        self._queue: queue.SimpleQueue[Message | threading.Event] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def submit(self, message: Message) -> None:
        """Have the rows of a message written soon.

        Raises
        ------
        StoreError
            Nobody writes any more: better refuse an instance than take it and never look at it.
        """
        if self._ended.is_set():
            raise StoreError("the index is no longer written; start the node again")
        self._queue.put(message)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything submitted so far is committed; return whether it is."""
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def stop(self) -> None:
        """Write what was submitted and stop; a database that cannot be reached is not waited for."""
        self._stopping.set()
        self._queue.put(threading.Event())
        self._thread.join()

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() and self._queue.empty()):
                self._step()
        finally:
            self._ended.set()

    def _step(self) -> None:
        batch, flushed = self._next()
        if batch or self._renewal_due():
            self._write(batch)
            self._on_change()
        if flushed is not None:
            flushed.set()

    def _next(self) -> tuple[list[Message], threading.Event | None]:
        """Return the next messages, and the flush that waits for them."""
        batch: list[Message] = []
        until = time.monotonic() + self._deadlines.hold.total_seconds() / 2
        try:
            while len(batch) < BATCH:
                item = self._queue.get(timeout=max(0, until - time.monotonic()))
                if isinstance(item, threading.Event):
                    return batch, item
                until = until if batch else time.monotonic() + LINGER_S
                batch.append(item)
        except queue.Empty:
            pass
        return batch, None

    def _write(self, batch: Sequence[Message]) -> None:
        while True:
            try:
                self._commit(batch)
            except OperationalError as error:
                log.error("the index cannot be written; the files are safe", error=str(error.orig))
                if self._stopping.wait(RETRY_S):
                    return
            except SQLAlchemyError as error:
                self._write_one_by_one(batch, error)
                return
            else:
                return

    def _write_one_by_one(self, batch: Sequence[Message], error: SQLAlchemyError) -> None:
        """Keep one row that the database refuses from taking the others with it."""
        if len(batch) > 1:
            for message in batch:
                self._write([message])
        else:
            log.error("the database refuses a row", kind=type(batch[0]).__name__, error=type(error).__name__)

    def _commit(self, batch: Sequence[Message]) -> None:
        now, carriers, renewing = utc_now(), self._carriers.copy(), self._renewal_due()
        with self._sessions.begin() as session:
            filing = Filing(session, batch, carriers, self._deadlines, now)
            for message in batch:
                filing.file(message)
            if renewing:
                session.flush()
                renew(session, carriers.held(), now + self._deadlines.hold)
        self._carriers = carriers
        for transfer in filing.transfers:
            self._on_transfer(*transfer)
        self._renewed = time.monotonic() if renewing else self._renewed

    def _renewal_due(self) -> bool:
        waited = time.monotonic() - self._renewed
        return bool(self._carriers.held()) and waited >= self._deadlines.hold.total_seconds() / 2
