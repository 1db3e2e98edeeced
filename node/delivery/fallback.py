"""What goes to a destination that knows no SEG or SR: the PDF report and the overlay, in their stead."""

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from node.db import Delivery, Job, Result
from node.statements import execute, insert

INSTEAD = ("pdf", "overlay")
REPLACED = "fallback"  #: `Delivery.confirmed_by` of an object that was refused and replaced


def post(session: Session, delivery_id: int) -> bool:
    """Put into the outbox what goes in the stead of an object that was refused; return whether there is any.

    Parameters
    ----------
    session : Session
        A writing session, in which the refusal was noted: a kill must not come between the two.
    delivery_id : int
    """
    refused = session.get_one(Delivery, delivery_id)
    original = session.get_one(Result, refused.result_id)
    same = (Result.study_id == original.study_id) & (Result.revision == original.revision)
    instead = session.scalars(select(Result.id).where(same, Result.kind.in_(INSTEAD))).all()
    if original.kind in INSTEAD or not instead:
        return False
    for result_id in instead:
        row = insert(session, Delivery).values(
            result_id=result_id, destination=refused.destination, state="pending"
        )
        execute(session, row.on_conflict_do_nothing())
    execute(session, update(Delivery).where(Delivery.id == delivery_id).values(confirmed_by=REPLACED))
    return True


def remark(session: Session, job: Job) -> str | None:
    """Return what a study's end says of the objects that a destination got others in the stead of."""
    lacking = session.scalars(_kinds(job).where(Delivery.confirmed_by == REPLACED).distinct()).all()
    if not lacking:
        return None
    given = session.scalars(_kinds(job).where(Result.kind.in_(INSTEAD)).distinct()).all()
    return f"{job.target} refuses {', '.join(lacking)}; {', '.join(given)} sent instead"


def _kinds(job: Job) -> Select[str]:
    return (
        select(Result.kind)
        .join(Delivery, Delivery.result_id == Result.id)
        .where(Result.study_id == job.study_id, Result.revision == job.revision)
        .where(Delivery.destination == job.target)
        .order_by(Result.kind)
    )
