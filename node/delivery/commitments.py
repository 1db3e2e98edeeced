"""Storage commitment of results (PS3.4 annex J), as the one who asks: what was asked, what came back.

Every function takes a writing session and leaves the commit to the caller.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from node.db import Delivery, Job, Result
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


def ask(session: Session, delivery_ids: Sequence[int], transaction_uid: str) -> None:
    """Note under which Transaction UID the commitment of objects is about to be asked for."""
    asked = update(Delivery).where(Delivery.id.in_(delivery_ids), Delivery.state == "sent")
    execute(session, asked.values(transaction_uid=transaction_uid))


def record_report(
    session: Session, transaction_uid: str, committed: Collection[str], failed: Mapping[str, int]
) -> bool:
    """Record the report of a storage commitment; return whether this node had asked for it.

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
        if delivery.state != "sent":
            continue
        if uid in committed:
            delivery.state, delivery.confirmed_by = "delivered", "commitment"
            delivery.delivered_at, delivery.error = datetime.now(UTC), None
        elif uid in failed:
            reason = failed[uid]
            said = REASONS.get(reason, "failure")
            delivery.state = "pending"
            delivery.error = f"storage commitment: 0x{reason:04X}, {said}"
    if rows:
        _hurry(session, [delivery for delivery, _ in rows])
    return bool(rows)


def settled(session: Session, transaction_uid: str) -> bool:
    """Return whether the report of a try has come; a session that only reads will do."""
    waiting = (Delivery.transaction_uid == transaction_uid) & (Delivery.state == "sent")
    return session.scalar(select(Delivery.id).where(waiting).limit(1)) is None


def _hurry(session: Session, deliveries: Sequence[Delivery]) -> None:
    """Have the jobs that wait for this report go on at once."""
    results = select(Result.study_id, Result.revision).where(
        Result.id.in_([delivery.result_id for delivery in deliveries])
    )
    for study_id, revision in session.execute(results.distinct()).all():
        waiting = (Job.study_id == study_id) & (Job.revision == revision) & (Job.kind == "deliver")
        names = {delivery.destination for delivery in deliveries}
        due = update(Job).where(waiting, Job.target.in_(names), Job.state == "queued")
        execute(session, due.values(run_after=datetime.now(UTC)))
