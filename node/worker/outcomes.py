"""What a worker's answer means for the job, the study and the outbox: one transaction each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from node import history, queue
from node.db import Job, Result, Study
from node.delivery import outbox
from node.registry import shadows
from node.settings import Settings
from node.statements import execute, insert
from node.states import StudyEvent
from node.worker.assignments import is_current
from node.worker.messages import Done, Failure, Made

#: failures after which an attempt that demands less may succeed
OUT_OF_MEMORY = frozenset({"MEMORY_LIMIT", "OUT_OF_MEMORY"})
#: on the CPU; within an attempt the networks make their batches and patches smaller by themselves
LAST_RUNG = 1


def record_done(session: Session, job: Job, done: Done, made: Sequence[Made], settings: Settings) -> None:
    """Record an analysis that came to its end, and post its results.

    Raises
    ------
    LeaseLost
        If the job is no longer the caller's; nothing may be recorded then.
    """
    queue.finish(session, job)
    study = history.locked(session, job.study_id)
    if not is_current(study, job):
        history.record(session, study, "superseded", job_revision=job.revision)
        return
    reason = "; ".join(done.reasons) or None
    if not done.applicable:
        history.move(session, study, StudyEvent.NOT_APPLICABLE, reason=reason)
        return
    history.move(session, study, StudyEvent.ANALYSED, reason=reason, results=len(made))
    results = [_remember(session, study, item, done.summary, settings) for item in made]
    shadows.remember(session, study, done.shadows)
    outbox.post(session, study, results, settings.destinations)
    outbox.settle(session, study.id, study.revision)


def record_failure(session: Session, job: Job, failure: Failure, terms: queue.Terms) -> bool:
    """Record an analysis that failed; return whether it will be tried again. LeaseLost as above.

    Where the memory ran out, the next attempt demands less; once it has, there is none.
    """
    hungry = failure.code in OUT_OF_MEMORY
    hopeless = failure.permanent or (hungry and job.rung >= LAST_RUNG)
    rung = job.rung + hungry
    again = queue.fail(session, job, terms, str(failure), permanent=hopeless, cause=failure.code, rung=rung)
    end_attempt(session, job, str(failure), again)
    return again


def record_release(session: Session, job: Job) -> None:
    """Hand an analysis back that has been interrupted, not by its own fault. LeaseLost as above."""
    queue.release(session, job)
    end_attempt(session, job, "the node was stopped", True)


def end_attempt(session: Session, job: Job, reason: str, again: bool) -> None:
    """Take a study out of analysing: back to wait for another attempt, or to failed."""
    study = history.locked(session, job.study_id)
    if is_current(study, job):
        event = StudyEvent.RELEASED if again else StudyEvent.FAILED
        history.move(session, study, event, reason=reason, attempt=job.attempts)


def _remember(
    session: Session, study: Study, made: Made, summary: Mapping[str, Any], settings: Settings
) -> Result:
    """Return the row of a result object; the same UID is the same object, whichever revision made it."""
    row = insert(session, Result).values(
        study_id=study.id,
        revision=study.revision,
        kind=made.kind,
        sop_class_uid=made.sop_class_uid,
        sop_instance_uid=made.sop_instance_uid,
        path=made.path.relative_to(settings.data_dir.resolve()).as_posix(),
        summary=_extract(made.kind, summary),
    )
    same = Result.sop_instance_uid
    execute(session, row.on_conflict_do_update(index_elements=[same], set_={"revision": study.revision}))
    return session.scalars(select(Result).where(same == made.sop_instance_uid)).one()


def _extract(kind: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of summary.json that belongs to one object."""
    return {"predictions": summary.get("predictions")} if kind == "risk_sr" else {}
