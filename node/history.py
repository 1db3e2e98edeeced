"""Changes of a study's state, each with its line in the append-only history."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from node.db import Event, Study
from node.states import StudyEvent, StudyState, after


def locked(session: Session, study_id: int) -> Study:
    """Return the study as it is now, and keep other writers off it until the transaction ends.

    SQLite has one writer at a time and needs no row lock; PostgreSQL takes `FOR UPDATE`.
    """
    query = select(Study).where(Study.id == study_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def move(session: Session, study: Study, event: StudyEvent, reason: str | None = None, **detail: Any) -> None:
    """Apply `event` to a study and record it.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    study : Study
        From `locked`, or made in this session.
    event : StudyEvent
        What happened; see `node.states.TRANSITIONS`.
    reason : str, optional
        Why the study now stands where it does, for people; replaces the earlier reason.
    **detail
        JSON values for the history; never anything that a patient could be found by.

    Raises
    ------
    IllegalTransition
        If `event` has no meaning in the study's state.
    """
    before = StudyState(study.state)
    study.state = after(before, event).value
    study.reason = reason
    if reason is not None:
        detail = {**detail, "reason": reason}
    record(session, study, event.value, **{"from": before.value, "to": study.state}, **detail)


def record(session: Session, study: Study, name: str, **detail: Any) -> None:
    """Add a line to the history of a study without changing its state."""
    session.add(Event(study_id=study.id, revision=study.revision, name=name, detail=detail))
