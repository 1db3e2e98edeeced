"""The loop that fetches what cases lack: one need at a time, so that no PACS is asked for much at once."""

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from node import logs
from node.completeness import utc_now
from node.engine import readers, sessions
from node.errors import NothingToAsk, RetrievalError
from node.loop import LONGEST_SLEEP, Bell, Loop, OnDeath, seconds_until
from node.retrieve import ledger
from node.retrieve.attending import Attending
from node.retrieve.dimse import DimseClient
from node.retrieve.intake import Intake
from node.retrieve.ledger import Need
from node.retrieve.questions import Client
from node.settings import DicomwebSource, DimseSource, Settings, Source

#: of the longest silence that a source is allowed; connecting, negotiating and answering each may take one
LEASE = 4

log = logs.get(__name__)


class Retriever:
    """Looks for needs and attends to them; idle where no source is set.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    bell : Bell
        Rung when something has come.
    on_death : callable
        See `Loop`.
    """

    def __init__(self, settings: Settings, engine: Engine, bell: Bell, on_death: OnDeath) -> None:
        self._limits = settings.retrieval
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._bell = bell
        longest = max((source.timeout_s for source in self._limits.sources), default=0)
        self._lease = timedelta(seconds=LEASE * longest)
        self._intake = Intake(settings, engine, bell.ring)
        clients = {source.name: self._client(source, settings) for source in self._limits.sources}
        self._attending = Attending(settings, engine, clients)
        self._loop = Loop("retrieval", self.step, bell, on_death)

    def start(self) -> None:
        """Begin, if there is anybody to ask."""
        if self._limits.sources:
            self._intake.start()
            self._loop.start()

    def stop(self) -> None:
        """Stop after the attempt that runs; what it has not fetched is fetched another time."""
        self._loop.ask_to_stop()
        self._loop.await_end()
        self._intake.stop()

    def step(self) -> float:
        """Attend to what is due; return the seconds until the next need is."""
        with self._readers() as session:
            pause = seconds_until(ledger.next_due(session)) or 0.0
        if pause:
            return pause
        with self._sessions.begin() as session:
            need = ledger.claim(session, self._lease, utc_now())
        if need is None:  # somebody else has it
            return LONGEST_SLEEP
        self._attempt(need)
        self._bell.ring()
        return 0.0

    def _attempt(self, need: Need) -> None:
        keep = _Keeper(self._lease, lambda: self._keep(need), lambda: self._loop.stopping)
        try:
            remark = self._attending.attend(need, lambda source, uids: self._plan(need, source, uids), keep)
        except NothingToAsk as reason:
            self._settle(need, "nothing", str(reason))
        except _Stopped:
            self._release(need)
        except RetrievalError as error:
            self._fail(need, str(error))
        except OperationalError:  # the database: the loop waits for it, and the lease runs out
            raise
        except Exception as error:  # noqa: BLE001 - a source that answers nonsense must not end the node
            self._fail(need, f"a source answers with what cannot be understood: {type(error).__name__}")
        else:
            self._settle(need, "retrieved", remark)

    def _plan(self, need: Need, source: str, uids: list[str]) -> None:
        with self._sessions.begin() as session:
            ledger.plan(session, need, source, uids)

    def _keep(self, need: Need) -> None:
        with self._sessions.begin() as session:
            ledger.keep(session, need, utc_now() + self._lease)

    def _release(self, need: Need) -> None:
        with self._sessions.begin() as session:
            ledger.release(session, need, utc_now())

    def _settle(self, need: Need, state: ledger.State, remark: str) -> None:
        with self._sessions.begin() as session:
            ledger.settle(session, need, state, remark)
        log.info("retrieval", study=need.study_uid, modality=need.modality, outcome=state, remark=remark)

    def _fail(self, need: Need, error: str) -> None:
        with self._sessions.begin() as session:
            again = ledger.fail(session, need, error, self._limits, utc_now())
        log.warning("retrieval failed", study=need.study_uid, error=error, again=again)

    def _client(self, source: Source, settings: Settings) -> Client:
        match source:
            case DimseSource():
                return DimseClient(source, settings.receiver.ae_title, self._intake)
            case DicomwebSource():
                from node.retrieve.dicomweb import DicomwebClient  # noqa: PLC0415 - httpx: 10 MiB

                return DicomwebClient(source, self._intake)
        raise AssertionError(f"no source of kind {source.kind!r}")


class _Stopped(RetrievalError):  # noqa: N818
    """The node stops."""


class _Keeper:
    """Extends the lease of a need now and then, and ends the attempt when the node stops."""

    def __init__(self, lease: timedelta, extend: Callable[[], None], stopping: Callable[[], bool]) -> None:
        self._often = lease / LEASE
        self._extend = extend
        self._stopping = stopping
        self._next = utc_now() + self._often
        self._alone = threading.Lock()

    def __call__(self) -> None:
        if self._stopping():
            raise _Stopped
        with self._alone:
            if utc_now() >= self._next:
                self._extend()
                self._next = utc_now() + self._often
