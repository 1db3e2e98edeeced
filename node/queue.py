"""The job table as a queue: enqueue, claim, keep, finish, fail, release, give up.

One statement claims a job on both dialects. PostgreSQL honours `FOR UPDATE SKIP LOCKED`; SQLite, for which
SQLAlchemy leaves it out, has one writer at a time. Whoever claimed a job holds it for the length of a lease
and says so again before the lease runs out; a job whose lease ran out is anybody's, and its old holder's
word no longer counts (`LeaseLost`).

Every function takes a writing session and leaves the commit to the caller.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session

from node.db import Job
from node.errors import LeaseLost
from node.statements import execute, insert

Kind = Literal["analyse", "deliver"]
PRIORITY_STEP = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=1)
SETTLED = ("succeeded", "failed")
DIED = "whoever worked on it died or fell silent, on every attempt"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which jobs of one kind are handed out."""

    lease: timedelta  #: how long a claim holds without a sign of life
    max_attempts: int
    retry: timedelta  #: pause after the first failure; doubles up to an hour

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after the given number of attempts, the last of which has failed."""
        doubled: timedelta = self.retry * 2 ** min(max(attempts, 1) - 1, 20)
        return min(doubled, LONGEST_PAUSE)


def enqueue(
    session: Session,
    kind: Kind,
    target: str,
    study_id: int,
    revision: int,
    *,
    again: bool = False,
    priority: int = 0,
    now: datetime | None = None,
) -> bool:
    """Add a job unless the same one is there already.

    Parameters
    ----------
    session : Session
    kind, target : str
        What to do: ("analyse", pipeline) or ("deliver", destination).
    study_id, revision : int
        For which revision of which study.
    again : bool
        Queue the job anew if it is there and settled. It keeps its clock, so that it makes the same results.
    priority : int
        Each step is worth `PRIORITY_STEP` of waiting: an urgent job overtakes what was queued less than that
        before it, and nothing waits for ever.
    now : datetime, optional
        The job's clock.

    Returns
    -------
    bool
        Whether there is now something to do that was not waiting before.
    """
    now = now or datetime.now(UTC)
    key = {"study_id": study_id, "revision": revision, "kind": kind, "target": target}
    rank = now - priority * PRIORITY_STEP
    fresh: dict[str, Any] = {"state": "queued", "run_after": now, "attempts": 0, "progress": {}}
    fresh |= {"priority": priority, "rank": rank, "cause": None, "rung": 0}
    new = insert(session, Job).values(**key, **fresh, clock=now)
    if session.scalar(new.on_conflict_do_nothing().returning(Job.id)) is not None:
        return True
    settled = update(Job).filter_by(**key).where(Job.state.in_(SETTLED))
    return again and execute(session, settled.values(**fresh, error=None)) > 0


def claim(
    session: Session,
    kind: Kind,
    worker: str,
    terms: Terms,
    *,
    target: str | None = None,
    now: datetime | None = None,
) -> Job | None:
    """Take the next due job, or one whose holder fell silent; None if there is none.

    Parameters
    ----------
    session : Session
    kind : str
        Which jobs; `target` narrows them down.
    worker : str
        Who takes it, at most 64 characters.
    terms : Terms
    target : str, optional
    now : datetime, optional
    """
    now = now or datetime.now(UTC)
    candidate = (
        select(Job.id)
        .where(_which(kind, target), _claimable(terms), _due_at() <= now)
        .order_by(Job.rank, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = (
        update(Job)
        .where(Job.id == candidate)
        .values(state="running", worker=worker, lease_until=now + terms.lease, attempts=Job.attempts + 1)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return session.scalars(taken).one_or_none()


def keep(
    session: Session,
    job: Job,
    terms: Terms,
    progress: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> None:
    """Extend the lease of a running job and note how far it is; LeaseLost if it is no longer ours."""
    now = now or datetime.now(UTC)
    news = {} if progress is None else {"progress": progress}
    _ours(session, job, lease_until=now + terms.lease, **news)


def finish(session: Session, job: Job, remark: str | None = None) -> None:
    """Record success; LeaseLost if the job is no longer ours."""
    _ours(session, job, state="succeeded", lease_until=None, error=remark)


def fail(
    session: Session,
    job: Job,
    terms: Terms,
    error: str,
    *,
    permanent: bool = False,
    cause: str | None = None,
    rung: int = 0,
    now: datetime | None = None,
) -> bool:
    """Record a failure; return whether the job will be tried again. LeaseLost if it is no longer ours."""
    now = now or datetime.now(UTC)
    again = not permanent and job.attempts < terms.max_attempts
    _ours(
        session,
        job,
        state="queued" if again else "failed",
        run_after=now + terms.pause(job.attempts),
        lease_until=None,
        error=error,
        cause=cause,
        rung=rung,
    )
    return again


def release(session: Session, job: Job, now: datetime | None = None) -> None:
    """Hand a job back as if it had not been claimed: its holder stops, the job is not to blame."""
    now = now or datetime.now(UTC)
    _ours(session, job, state="queued", run_after=now, lease_until=None, attempts=job.attempts - 1)


def expire(session: Session, holder: str, now: datetime | None = None) -> int:
    """End at once the leases of a holder that is known to be dead; return how many there were.

    Parameters
    ----------
    session : Session
    holder : str
        What the names of its workers start with. The attempt counts: the job may be what killed them.
    now : datetime, optional
    """
    past = (now or datetime.now(UTC)) - timedelta(seconds=1)
    held = (Job.state == "running") & Job.worker.startswith(holder, autoescape=True)
    return execute(session, update(Job).where(held).values(lease_until=past))


def give_up(
    session: Session,
    kind: Kind,
    terms: Terms,
    *,
    target: str | None = None,
    now: datetime | None = None,
) -> list[Job]:
    """Fail the jobs that took their worker down on every attempt, and return them."""
    now = now or datetime.now(UTC)
    failed = (
        update(Job)
        .where(_which(kind, target), _lost(terms, now))
        .values(state="failed", lease_until=None, error=DIED)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return list(session.scalars(failed))


def any_lost(
    session: Session, kind: Kind, terms: Terms, target: str | None = None, now: datetime | None = None
) -> bool:
    """Return whether `give_up` would find a job; a session that only reads will do."""
    lost = _which(kind, target) & _lost(terms, now or datetime.now(UTC))
    return session.scalar(select(Job.id).where(lost).limit(1)) is not None


def next_due(session: Session, kind: Kind, terms: Terms, target: str | None = None) -> datetime | None:
    """Return from when on `claim` will find a job; None if nothing is open."""
    which = select(func.min(_due_at()).label("due")).where(_which(kind, target), _claimable(terms))
    due: datetime | None = session.scalar(which)
    return due


def _due_at() -> ColumnElement[Any]:
    """When a job may be claimed: as its pause ends, or as its holder's lease runs out."""
    return case((Job.state == "running", Job.lease_until), else_=Job.run_after)


def _claimable(terms: Terms) -> ColumnElement[bool]:
    return or_(Job.state == "queued", (Job.state == "running") & (Job.attempts < terms.max_attempts))


def _lost(terms: Terms, now: datetime) -> ColumnElement[bool]:
    return (Job.state == "running") & (Job.attempts >= terms.max_attempts) & (Job.lease_until < now)


def _which(kind: Kind, target: str | None) -> ColumnElement[bool]:
    return (Job.kind == kind) if target is None else (Job.kind == kind) & (Job.target == target)


def _ours(session: Session, job: Job, **values: object) -> None:
    mine = (Job.id == job.id) & (Job.worker == job.worker) & (Job.attempts == job.attempts)
    if execute(session, update(Job).where(mine, Job.state == "running").values(**values)) != 1:
        raise LeaseLost(f"job {job.id}: {job.worker} no longer holds it")
