"""The storage commitment service (PS3.4 annex J): peers ask whether this node keeps what they sent.

A request is on record before it is answered with success, so that a restart forgets none. Its report goes out
on an association of our own to a peer whose port is known, else on the one that the request came by.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, build_role
from pynetdicom.association import Association
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from node import engine as database
from node import logs, queue
from node.completeness import utc_now
from node.db import Commitment, Instance
from node.elements import printable
from node.errors import InvalidInstance
from node.header import check_uid
from node.loop import Bell, Loop, OnDeath, seconds_until
from node.settings import Peer, Receiver
from node.statements import execute, insert
from node.store import Store

SUCCESS, PROCESSING_FAILURE, MISSING_ATTRIBUTE, INVALID_VALUE = 0x0000, 0x0110, 0x0120, 0x0106
NO_SUCH_INSTANCE, CONFLICT = 0x0112, 0x0119  # failure reasons (PS3.3 C.14)
COMMITTED, FAILURES_EXIST = 1, 2  # event types (PS3.4 J.3.3.1)
TIMEOUT_S = 30.0
TERMS = queue.Terms(lease=timedelta(seconds=TIMEOUT_S), max_attempts=20, retry=timedelta(seconds=30))

log = logs.get(__name__)


class CommitmentService:
    """Takes requests, and reports on them.

    Parameters
    ----------
    settings : Receiver
        Our AE title; peers with their ports.
    engine : Engine
    store : Store
        Where the objects' files are.
    on_death : callable
        See `node.loop.Loop`.
    """

    def __init__(self, settings: Receiver, engine: Engine, store: Store, on_death: OnDeath) -> None:
        self._settings = settings
        self._store = store
        self._sessions = database.sessions(engine)
        self._readers = database.readers(engine)
        self._bell = Bell()
        self._starting = threading.Lock()
        self._open: dict[str, Association] = {}  # Transaction UID: where the request came by
        self._loop = Loop("commitments", self.step, self._bell, on_death)

    def start(self) -> None:
        """Begin to report on what an earlier process left; without such, with the first request."""
        with self._readers() as session:
            left = session.scalar(select(Commitment.id).where(Commitment.state == "pending").limit(1))
        if left is not None:
            self._begin()

    def stop(self) -> None:
        """Stop after the report that is under way."""
        self._loop.ask_to_stop()
        self._loop.await_end(TIMEOUT_S)

    def on_action(self, event: Any) -> tuple[int, None]:
        """Answer N-ACTION (PS3.4 J.3.2): put the request on record."""
        information = event.action_information
        calling = printable(event.assoc.requestor.primitive.calling_ae_title).strip()
        try:
            transaction, items = _read(information)
        except (AttributeError, KeyError):
            return MISSING_ATTRIBUTE, None
        except InvalidInstance:
            return INVALID_VALUE, None
        if not items:
            return MISSING_ATTRIBUTE, None
        try:
            with self._sessions.begin() as session:
                row = insert(session, Commitment).values(
                    transaction_uid=transaction, calling_ae=calling, items=items, state="pending", attempts=0
                )
                execute(session, row.on_conflict_do_nothing())
        except SQLAlchemyError as error:
            log.error("a storage commitment cannot be recorded", error=type(error).__name__)
            return PROCESSING_FAILURE, None
        self._open[transaction] = event.assoc
        self._begin()
        self._bell.ring()
        return SUCCESS, None

    def on_event_report(self, event: Any) -> tuple[int, None]:
        """Answer N-EVENT-REPORT (PS3.4 J.3.3): what a destination says of results that it was sent."""
        from node.delivery import commitments, confirming  # noqa: PLC0415 - only where results are confirmed

        try:
            report = confirming.report_of(event.event_information)
            with self._sessions.begin() as session:
                known = commitments.record_report(session, *report)
        except SQLAlchemyError as error:
            log.error("a report cannot be recorded", error=type(error).__name__)
            return PROCESSING_FAILURE, None
        log.info("storage commitment reported", known=known, safe=len(report[1]), failed=len(report[2]))
        return SUCCESS, None

    def step(self) -> float:
        """Report on the next request that is due; return the seconds until there may be one."""
        with self._readers() as session:
            pending = select(Commitment).where(Commitment.state == "pending")
            row = session.scalars(pending.order_by(Commitment.run_after).limit(1)).one_or_none()
            pause = seconds_until(None if row is None else row.run_after)
            if row is None or pause:
                return pause
            failed = self._missing(session, row.items)
        self._conclude(row, self._report(row, failed))
        return 0.0

    def _begin(self) -> None:
        """Start the thread that reports, unless it runs: most nodes are never asked."""
        with self._starting:
            if self._loop.ident is None and not self._loop.stopping:
                self._loop.start()

    def _missing(self, session: Session, items: Sequence[Sequence[str]]) -> dict[str, int]:
        """Return what is not safe, with the reasons: no row, no file, or another SOP class."""
        uids = [uid for _, uid in items]
        query = select(Instance.sop_instance_uid, Instance.sop_class_uid, Instance.path)
        rows = session.execute(query.where(Instance.sop_instance_uid.in_(uids))).all()
        known = {uid: (sop_class, path) for uid, sop_class, path in rows}
        failed = {}
        for sop_class, uid in items:
            if uid not in known or not self._store.path(known[uid][1]).exists():
                failed[uid] = NO_SUCH_INSTANCE
            elif known[uid][0] != sop_class:
                failed[uid] = CONFLICT
        return failed

    def _report(self, row: Commitment, failed: dict[str, int]) -> str | None:
        """Send the report; return what was in the way, or None."""
        peer = self._settings.listening(row.calling_ae)
        held = self._open.pop(row.transaction_uid, None)
        if peer is None:
            if held is None or not held.is_established:
                return "the association has ended, and receiver.peers names no port for this AE title"
            return _send(held, row, failed)
        association = self._associate(peer)
        if not association.is_established:
            return f"no association with {peer.ae_title} at {peer.host}:{peer.port}"
        try:
            return _send(association, row, failed)
        finally:
            association.release()

    def _associate(self, peer: Peer) -> Association:
        entity = AE(self._settings.ae_title)
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = TIMEOUT_S
        return entity.associate(
            peer.host,
            peer.port,
            contexts=[build_context(StorageCommitmentPushModel)],
            ae_title=peer.ae_title,
            ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
        )

    def _conclude(self, row: Commitment, trouble: str | None) -> None:
        attempts = row.attempts + 1
        again = trouble is not None and attempts < TERMS.max_attempts
        with self._sessions.begin() as session:
            kept = session.get_one(Commitment, row.id)
            kept.attempts, kept.error = attempts, trouble
            kept.state = "pending" if again else "reported" if trouble is None else "failed"
            kept.run_after = utc_now() + TERMS.pause(attempts)
        log.info("storage commitment", calling_ae=row.calling_ae, trouble=trouble, again=again)


def _read(information: Dataset) -> tuple[str, list[list[str]]]:
    """Return Transaction UID, and SOP Class and Instance UID of each object."""
    transaction = check_uid(str(information.TransactionUID), "TransactionUID")
    items = [
        [str(one.ReferencedSOPClassUID), str(one.ReferencedSOPInstanceUID)]
        for one in information.ReferencedSOPSequence
    ]
    for item in items:
        check_uid(item[1], "ReferencedSOPInstanceUID")
    return transaction, items


def _send(association: Association, row: Commitment, failed: dict[str, int]) -> str | None:
    """Send N-EVENT-REPORT (PS3.4 J.3.3); return what was in the way, or None."""
    report = Dataset()
    report.TransactionUID = row.transaction_uid
    safe = [item for item in row.items if item[1] not in failed]
    if safe:
        report.ReferencedSOPSequence = [_reference(sop_class, uid) for sop_class, uid in safe]
    if failed:
        report.FailedSOPSequence = [_reference(c, uid, failed[uid]) for c, uid in row.items if uid in failed]
    kind = FAILURES_EXIST if failed else COMMITTED
    try:
        status, _ = association.send_n_event_report(
            report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
    except (RuntimeError, ValueError) as error:  # the association has ended, or has no such context
        return f"the report cannot be sent: {error}"
    if "Status" in status and status.Status == SUCCESS:
        return None
    return f"the report was answered with {status.get('Status', 'nothing')}"


def _reference(sop_class: str, uid: str, reason: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    if reason is not None:
        item.FailureReason = reason
    return item
