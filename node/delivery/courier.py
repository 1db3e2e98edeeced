"""Couriers: one thread per destination, so that a bad one delays nobody but itself."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import timedelta

from pydicom.uid import generate_uid
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from node import logs, queue
from node.db import Job
from node.delivery import commitments, fallback, outbox
from node.delivery.confirming import Inquiry, Report
from node.delivery.destinations import Confirming, destination
from node.delivery.objects import Outgoing, Receipt
from node.engine import readers, sessions
from node.errors import LeaseLost, TransientDeliveryError
from node.loop import Bell, Loop, OnDeath, Written, persist, seconds_until
from node.seat import Seat
from node.settings import CStoreDestination, Destination, Settings

log = logs.get(__name__)

ROLE = "delivery"
#: seconds that stopping waits for an object that is under way
PATIENCE = 10.0


class Couriers:
    """The delivery role: a courier for every configured destination.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    bell : Bell
    on_death : callable
        See `Loop`.
    """

    def __init__(self, settings: Settings, engine: Engine, bell: Bell, on_death: OnDeath) -> None:
        self._sessions = sessions(engine)
        self._seat = Seat(settings.data_dir, ROLE)
        self._names = [each.name for each in settings.destinations]
        couriers = [Courier(settings, each, engine, self._seat.holder) for each in settings.destinations]
        self._loops = [courier.loop(bell, on_death) for courier in couriers]

    def start(self) -> None:
        """Take over what an earlier process left, and begin.

        Raises
        ------
        ConfigurationError
            If another process delivers for this data folder.
        """
        self._seat.take()
        with self._sessions.begin() as session:
            queue.expire(session, self._seat.holder)
            commitments.forget(session)
            abandoned = outbox.abandon(session, self._names)
        if abandoned:
            log.warning("deliveries to destinations that are no longer configured", jobs=abandoned)
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Stop after the object that is under way; what remains is delivered another time."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.await_end(PATIENCE)
        self._seat.leave()


class Courier:
    """Delivers to one destination, one study after the other.

    Parameters
    ----------
    settings : Settings
    to : Destination
    engine : Engine
    holder : str
        What its claims are signed with.
    """

    def __init__(self, settings: Settings, to: Destination, engine: Engine, holder: str) -> None:
        self._to = to
        self._name = to.name
        self._holder = f"{holder}0"
        self._data_dir = settings.data_dir
        self._destination = destination(to, settings.receiver.ae_title)
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._stopping: Callable[[], bool] = lambda: False
        self._terms = queue.Terms(
            lease=timedelta(seconds=max(60.0, 4 * to.timeout_s)),
            max_attempts=to.max_attempts,
            retry=timedelta(seconds=to.retry_s),
        )

    def loop(self, bell: Bell, on_death: OnDeath) -> Loop:
        """Return the thread that this courier works in."""
        loop = Loop(f"to {self._name}", self.step, bell, on_death)
        self._stopping = lambda: loop.stopping
        return loop

    def step(self) -> float:
        """Deliver the next study's results; return the seconds until there is more to do."""
        pause = self._pause()
        if pause:
            return pause
        with self._sessions.begin() as session:
            for lost in queue.give_up(session, "deliver", self._terms, target=self._name):
                outbox.settle(session, lost.study_id, lost.revision)
            job = queue.claim(session, "deliver", self._holder, self._terms, target=self._name)
        if job is not None:
            with logs.bound(job=job.id, destination=self._name):
                self._deliver(job)
        return 0.0

    def _pause(self) -> float:
        with self._readers() as session:
            if queue.any_lost(session, "deliver", self._terms, self._name):
                return 0.0
            return seconds_until(queue.next_due(session, "deliver", self._terms, self._name))

    def _deliver(self, job: Job) -> None:
        try:
            trouble = self._send(job) or self._send_instead(job) or self._confirm(job)
            if self._stopping():
                self._persist(lambda session: queue.release(session, job))
                return
            again = self._persist(lambda session: outbox.conclude(session, job, self._terms, trouble))
        except LeaseLost:
            log.warning("another courier has taken this delivery over")
            return
        log.info("delivery ended", trouble=trouble, again=again)

    def _send(self, job: Job) -> str | None:
        """Send what is pending; return what was in the way of the rest."""
        with self._readers() as session:
            objects = outbox.pending(session, job, self._data_dir)
        return self._take(job, self._destination.send(objects)) if objects else None

    def _send_instead(self, job: Job) -> str | None:
        """Send what refusals have put into the outbox."""
        return self._send(job) if self._to.fallback and not self._stopping() else None

    def _confirm(self, job: Job) -> str | None:
        """Have confirmed what the destination took; return what is in the way."""
        with self._readers() as session:
            objects = outbox.unconfirmed(session, job, self._data_dir)
        if not objects or self._stopping():
            return None
        trouble = self._take(job, self._ask(objects))
        with self._readers() as session:
            left = len(outbox.unconfirmed(session, job, self._data_dir))
            lost = len(outbox.pending(session, job, self._data_dir))
        if not left + lost:
            return None
        return trouble or f"{self._name}: {left} object(s) not confirmed yet, {lost} to be sent again"

    def _take(self, job: Job, receipts: Generator[Receipt, None, None]) -> str | None:
        """Note what comes back, one object after the other; return what was in the way of some."""
        trouble = None
        try:
            with closing(receipts):
                for receipt in receipts:
                    self._note(job, receipt)
                    if receipt.verdict == "deferred":
                        trouble = f"{self._name}: {receipt.text}"
                    if self._stopping():
                        break
        except TransientDeliveryError as error:
            trouble = str(error)
        return trouble

    def _ask(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        if isinstance(self._destination, Confirming):
            yield from self._destination.confirm(objects, self._inquiry(objects))
            return
        for item in objects:
            yield Receipt(item.delivery_id, "lost", "sent while the destination was of another kind")

    def _inquiry(self, objects: Sequence[Outgoing]) -> Inquiry | None:
        """Put on record, under a fresh Transaction UID, what storage commitment is about to be asked for."""
        if not isinstance(self._to, CStoreDestination) or self._to.commitment != "storage-commitment":
            return None
        due = commitments.due(objects, timedelta(seconds=self._to.commitment_again_s))
        if not due:
            return None
        uid = str(generate_uid(prefix=None))
        numbers = [item.delivery_id for item in due]
        self._persist(lambda session: commitments.ask(session, numbers, uid))
        return Inquiry(
            transaction_uid=uid,
            objects=due,
            record=self._record,
            settled=lambda: self._settled(uid),
            withdraw=lambda: self._persist(lambda session: commitments.withdraw(session, uid)),
        )

    def _settled(self, transaction_uid: str) -> bool:
        with self._readers() as session:
            return self._stopping() or commitments.settled(session, transaction_uid)

    def _record(self, report: Report) -> None:
        self._persist(lambda session: commitments.record_report(session, *report))

    def _note(self, job: Job, receipt: Receipt) -> None:
        def write(session: Session) -> None:
            queue.keep(session, job, self._terms)
            outbox.note(session, receipt)
            if receipt.verdict == "unsupported" and self._to.fallback:
                fallback.post(session, receipt.delivery_id)

        self._persist(write)

    def _persist(self, write: Callable[[Session], Written]) -> Written:
        return persist(self._sessions, write, self._stopping)
