"""The outbox: a row per result object and destination, a job per study and destination.

Every function takes a writing session and leaves the commit to the caller.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from node import history, queue
from node.db import Delivery, Event, Job, Result, Study
from node.delivery import fallback
from node.delivery.objects import Outgoing, Receipt
from node.settings import Destination
from node.statements import execute, insert
from node.states import StudyEvent, StudyState

_PENDING, _SENT, _DELIVERED, _REFUSED = "pending", "sent", "delivered", "refused"
#: states of a study from which another delivery takes it back
ENDED = frozenset({StudyState.DONE.value, StudyState.FAILED.value})


def post(
    session: Session, study: Study, results: Sequence[Result], destinations: Sequence[Destination]
) -> None:
    """Put results into the outbox of every destination that wants them.

    What a destination has confirmed already is not sent again; what it refused is, because somebody asked
    for it by having the study analysed again.
    """
    for destination in destinations:
        wanted = [result.id for result in results if result.kind in destination.send]
        for result_id in wanted:
            row = insert(session, Delivery).values(
                result_id=result_id, destination=destination.name, state=_PENDING
            )
            execute(session, row.on_conflict_do_nothing())
        refused = Delivery.result_id.in_(wanted) & (Delivery.state == _REFUSED)
        anew = update(Delivery).where(Delivery.destination == destination.name, refused)
        execute(session, anew.values(state=_PENDING, error=None, confirmed_by=None))
        open_ = Delivery.state.in_([_PENDING, _SENT])
        if session.scalar(_of(study.id, study.revision, destination.name).where(open_).limit(1)):
            queue.enqueue(
                session,
                "deliver",
                destination.name,
                study.id,
                study.revision,
                again=True,
                priority=study.priority,
            )


def pending(session: Session, job: Job, data_dir: Path) -> list[Outgoing]:
    """Return what a job has to deliver, the oldest first; a session that only reads will do."""
    return _objects(session, job, data_dir, _PENDING)


def unconfirmed(session: Session, job: Job, data_dir: Path) -> list[Outgoing]:
    """Return what the destination took and has not confirmed; a session that only reads will do."""
    return _objects(session, job, data_dir, _SENT)


def note(session: Session, receipt: Receipt, now: datetime | None = None) -> None:
    """Record what a destination said about one object."""
    values: dict[str, object] = {"error": receipt.text}
    if receipt.verdict == "delivered":
        values |= {"state": _DELIVERED, "delivered_at": now or datetime.now(UTC), "confirmed_by": receipt.by}
    elif receipt.verdict == "sent":
        values |= {"state": _SENT, "sent_at": now or datetime.now(UTC), "transaction_uid": None}
    elif receipt.verdict == "lost":
        values |= {"state": _PENDING, "transaction_uid": None}
    elif receipt.verdict in {"refused", "unsupported"}:
        values |= {"state": _REFUSED}
    # a report may have been faster
    open_ = (Delivery.id == receipt.delivery_id) & (Delivery.state != _DELIVERED)
    execute(session, update(Delivery).where(open_).values(**values))


def conclude(session: Session, job: Job, terms: queue.Terms, trouble: str | None) -> bool:
    """End an attempt at a delivery job; return whether there will be another one.

    Parameters
    ----------
    session : Session
    job : Job
        Held by the caller; LeaseLost if not.
    terms : Terms
    trouble : str or None
        Why something is left to be tried again; None: nothing is.
    """
    open_ = _of(job.study_id, job.revision, job.target).where(Delivery.state.in_([_PENDING, _SENT]))
    if trouble is not None and session.scalar(open_.limit(1)) is None:
        trouble = None  # a report has come since
    rows = _rows(job.study_id, job.revision, job.target, _REFUSED)
    refused = session.scalar(rows.where(Delivery.confirmed_by.is_(None)).limit(1))
    again = False
    if trouble is not None:
        again = queue.fail(session, job, terms, trouble)
    elif refused is not None:
        queue.fail(session, job, terms, f"{job.target}: {refused.error}", permanent=True)
    else:
        queue.finish(session, job, fallback.remark(session, job))
    if not again:
        settle(session, job.study_id, job.revision)
    return again


def settle(session: Session, study_id: int, revision: int) -> None:
    """Take a study to its end once every destination has had its say."""
    study = history.locked(session, study_id)
    if study.revision != revision or study.state != StudyState.DELIVERING.value:
        return
    jobs = session.scalars(select(Job).filter_by(study_id=study_id, revision=revision, kind="deliver")).all()
    if any(job.state not in queue.SETTLED for job in jobs):
        return
    errors = [job.error or "" for job in jobs if job.state == "failed"]
    if errors:
        history.move(session, study, StudyEvent.FAILED, reason="; ".join(errors))
    else:
        remarks = [study.reason, *(job.error for job in jobs)]
        history.move(session, study, StudyEvent.DELIVERED, reason="; ".join(r for r in remarks if r) or None)


def go_on(session: Session, study_id: int, revision: int, destination: str) -> None:
    """Have a job go on at once, be it waiting or at its end, and take its study back from its end."""
    study = history.locked(session, study_id)
    queue.enqueue(session, "deliver", destination, study_id, revision, again=True, priority=study.priority)
    waiting = update(Job).filter_by(study_id=study_id, revision=revision, kind="deliver", target=destination)
    execute(session, waiting.where(Job.state == "queued").values(run_after=datetime.now(UTC)))
    if study.revision == revision and study.state in ENDED:
        history.move(session, study, StudyEvent.RESENT, reason=_first_reason(session, study))


def resend(session: Session, study: Study, destination: str) -> int:
    """Send again what a destination has refused or has not taken yet, because a person says so.

    Parameters
    ----------
    session : Session
    study : Study
        From `node.history.locked`.
    destination : str

    Returns
    -------
    int
        How many objects there are to send.
    """
    open_ = Delivery.state != _DELIVERED
    rows = session.scalars(_of(study.id, study.revision, destination).where(open_)).all()
    for row in rows:
        if row.state == _REFUSED:
            row.state, row.error, row.confirmed_by = _PENDING, None, None
    session.flush()
    if rows:
        go_on(session, study.id, study.revision, destination)
    return len(rows)


def abandon(session: Session, known: Sequence[str]) -> int:
    """End the deliveries to destinations that are no longer configured; return how many jobs there were."""
    open_ = (Job.kind == "deliver") & Job.state.not_in(queue.SETTLED) & Job.target.not_in(known)
    jobs = session.scalars(select(Job).where(open_).with_for_update(skip_locked=True)).all()
    for job in jobs:
        why = f"{job.target}: no longer among the destinations of the settings"
        job.state, job.lease_until, job.error = "failed", None, why
        unsettled = Delivery.state.in_([_PENDING, _SENT])
        for row in session.scalars(_of(job.study_id, job.revision, job.target).where(unsettled)):
            row.state, row.error = _REFUSED, why
    session.flush()
    for job in jobs:
        settle(session, job.study_id, job.revision)
    return len(jobs)


def _first_reason(session: Session, study: Study) -> str | None:
    """Return what the analysis had to say; failures and remarks of deliveries have replaced it since."""
    analysed = select(Event.detail).filter_by(study_id=study.id, revision=study.revision, name="analysed")
    detail = session.scalar(analysed.order_by(Event.id.desc()).limit(1)) or {}
    return detail.get("reason")


def _rows(study_id: int, revision: int, destination: str, state: str) -> Select[Delivery]:
    return _of(study_id, revision, destination).where(Delivery.state == state)


def _of(study_id: int, revision: int, destination: str) -> Select[Delivery]:
    return (
        select(Delivery)
        .join(Result, Result.id == Delivery.result_id)
        .where(Result.study_id == study_id, Result.revision == revision, Delivery.destination == destination)
    )


def _objects(session: Session, job: Job, data_dir: Path, state: str) -> list[Outgoing]:
    rows = session.scalars(_rows(job.study_id, job.revision, job.target, state).order_by(Delivery.id))
    return [_outgoing(row, session.get_one(Result, row.result_id), data_dir) for row in rows.all()]


def _outgoing(row: Delivery, result: Result, data_dir: Path) -> Outgoing:
    return Outgoing(
        row.id,
        data_dir / result.path,
        result.sop_class_uid,
        result.sop_instance_uid,
        row.sent_at,
        row.transaction_uid,
    )
