"""Storage commitment of results (PS3.4 annex J), as the one who asks: what was asked, what came back.

Every function takes a writing session and leaves the commit to the caller.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from node.db import Delivery, Result
from node.delivery import outbox
from node.delivery.objects import Outgoing
from node.statements import execute

#: failure reasons of PS3.3 C.14 that a report gives
REASONS = {
    0x0110: "processing failure",
    0x0112: "no such object instance",
    0x0213: "resource limitation",
    0x0122: "SOP class not supported",
    0x0119: "class and instance conflict",
    0x0131: "duplicate transaction UID",
}


def due(objects: Sequence[Outgoing], again: timedelta) -> tuple[Outgoing, ...]:
    """Return the objects whose commitment is to be asked for: those without a request, or with an old one."""
    old = datetime.now(UTC) - again
    return tuple(
        item
        for item in objects
        if item.transaction_uid is None or item.sent_at is None or item.sent_at <= old
    )


def ask(session: Session, delivery_ids: Sequence[int], transaction_uid: str) -> None:
    """Note under which Transaction UID the commitment of objects is about to be asked for."""
    asked = update(Delivery).where(Delivery.id.in_(delivery_ids), Delivery.state == "sent")
    execute(session, asked.values(transaction_uid=transaction_uid, sent_at=datetime.now(UTC)))


def withdraw(session: Session, transaction_uid: str) -> None:
    """Forget a request that the destination has not taken."""
    asked = update(Delivery).where(Delivery.transaction_uid == transaction_uid, Delivery.state == "sent")
    execute(session, asked.values(transaction_uid=None))


def forget(session: Session) -> None:
    """Forget every request that no report has come for: of the last ones nobody knows if they were sent."""
    execute(session, update(Delivery).where(Delivery.state == "sent").values(transaction_uid=None))


def record_report(
    session: Session, transaction_uid: str, committed: Collection[str], failed: Mapping[str, int]
) -> bool:
    """Record the report of a storage commitment; return whether this node waited for it.

    Parameters
    ----------
    session : Session
    transaction_uid : str
        An earlier try's: its report counts no more, the objects were sent again.
    committed : collection of str
        SOP Instance UIDs that are safe.
    failed : mapping of str to int
        SOP Instance UID to failure reason (PS3.3 C.14): they are sent again.
    """
    query = select(Delivery, Result.sop_instance_uid).join(Result, Result.id == Delivery.result_id)
    rows = session.execute(query.where(Delivery.transaction_uid == transaction_uid)).all()
    for delivery, uid in rows:
        waited = delivery.state == "sent"
        if not (waited or delivery.confirmed_by == "c-find"):  # C-FIND's word is the weaker one
            continue
        if uid in failed:
            _lost(delivery, failed[uid])
        elif uid in committed:
            delivery.state, delivery.confirmed_by, delivery.error = "delivered", "commitment", None
            delivery.delivered_at = delivery.delivered_at or datetime.now(UTC)
        if delivery.state == "pending" or (waited and delivery.state == "delivered"):
            _go_on(session, delivery)
    return bool(rows)


def settled(session: Session, transaction_uid: str) -> bool:
    """Return whether the report of a try has come; a session that only reads will do."""
    waiting = (Delivery.transaction_uid == transaction_uid) & (Delivery.state == "sent")
    return session.scalar(select(Delivery.id).where(waiting).limit(1)) is None


def _lost(delivery: Delivery, reason: int) -> None:
    delivery.state, delivery.confirmed_by, delivery.delivered_at = "pending", None, None
    delivery.error = f"storage commitment: 0x{reason:04X}, {REASONS.get(reason, 'failure')}"
    delivery.transaction_uid = None  # the next one is for what is sent next


def _go_on(session: Session, delivery: Delivery) -> None:
    """Have the job go on that waits for this report, or that has ended without it."""
    session.flush()
    result = session.get_one(Result, delivery.result_id)
    outbox.go_on(session, result.study_id, result.revision, delivery.destination)
