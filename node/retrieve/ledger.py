"""The table of needs as a queue: a row that is being worked on is due again only after its lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from node import history
from node.db import Retrieval, Study
from node.queue import LONGEST_PAUSE
from node.settings import Retrieval as Limits
from node.statements import execute
from node.states import StudyState

#: a study in these states has been analysed, and is one that the pipelines apply to
ASKING = (StudyState.DELIVERING.value, StudyState.DONE.value)

State = Literal["retrieved", "nothing", "failed"]


@dataclass(frozen=True, slots=True)
class Need:
    """A modality that the case of a study lacks, as claimed."""

    id: int
    study_id: int
    study_uid: str
    modality: str
    attempts: int  #: this one included
    found: tuple[str, ...]  #: StudyInstanceUIDs that an earlier attempt has begun to fetch


def claim(session: Session, lease: timedelta, now: datetime) -> Need | None:
    """Take the need that is due first; None if there is none."""
    candidate = (
        select(Retrieval.id)
        .where(_asked(), Retrieval.run_after <= now)
        .order_by(Retrieval.run_after, Retrieval.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = (
        update(Retrieval)
        .where(Retrieval.id == candidate)
        .values(run_after=now + lease, attempts=Retrieval.attempts + 1)
        .returning(Retrieval)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    row = session.scalars(taken).one_or_none()
    if row is None:
        return None
    uid = session.scalars(select(Study.study_instance_uid).where(Study.id == row.study_id)).one()
    return Need(row.id, row.study_id, uid, row.modality, row.attempts, tuple(str(one) for one in row.found))


def next_due(session: Session) -> datetime | None:
    """Return when `claim` will find something; None if nothing is open."""
    due: datetime | None = session.scalar(select(func.min(Retrieval.run_after)).where(_asked()))
    return due


def keep(session: Session, need: Need, until: datetime) -> None:
    """Keep others off a need that is being worked on."""
    execute(session, update(Retrieval).where(_mine(need)).values(run_after=until))


def plan(session: Session, need: Need, source: str, uids: list[str]) -> None:
    """Write down which studies will be fetched, before they are: none of them may set off another round."""
    execute(session, update(Retrieval).where(_mine(need)).values(source=source, found=uids))
    study = history.locked(session, need.study_id)
    history.record(session, study, "retrieval_begun", modality=need.modality, source=source, studies=uids)


def settle(session: Session, need: Need, state: State, remark: str | None = None) -> None:
    """Record how it ended."""
    execute(session, update(Retrieval).where(_mine(need)).values(state=state, error=remark))
    study = history.locked(session, need.study_id)
    detail = {"modality": need.modality, "outcome": state, **({} if remark is None else {"remark": remark})}
    history.record(session, study, "retrieval_ended", **detail)


def fail(session: Session, need: Need, error: str, limits: Limits, now: datetime) -> bool:
    """Record a failure; return whether it will be tried again."""
    if need.attempts >= limits.max_attempts:
        settle(session, need, "failed", error)
        return False
    pause = min(timedelta(seconds=limits.retry_s) * 2 ** min(need.attempts - 1, 20), LONGEST_PAUSE)
    execute(session, update(Retrieval).where(_mine(need)).values(run_after=now + pause, error=error))
    return True


def release(session: Session, need: Need, now: datetime) -> None:
    """Hand a need back as if it had not been claimed: the node stops."""
    execute(session, update(Retrieval).where(_mine(need)).values(run_after=now, attempts=need.attempts - 1))


def _asked() -> ColumnElement[bool]:
    analysed = select(Study.id).where(Study.state.in_(ASKING))
    return and_(Retrieval.state == "queued", Retrieval.study_id.in_(analysed))


def _mine(need: Need) -> ColumnElement[bool]:
    return and_(Retrieval.id == need.id, Retrieval.state == "queued", Retrieval.attempts == need.attempts)
