from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node import completeness
from node.completeness import Deadlines
from node.db import Event, Study
from node.errors import IllegalTransition
from node.settings import Completeness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Row = Callable[..., Study]


def test_what_is_due_becomes_complete_in_order(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session:
        study_row(session, "later", complete_after=NOW)
        study_row(session, "first", complete_after=NOW - SECOND)
        study_row(session, "not yet", complete_after=NOW + SECOND)
        study_row(session, "without", complete_after=None)
        study_row(session, "done", state="done", complete_after=NOW - SECOND)
    with writers.begin() as session:
        assert [s.study_instance_uid for s in completeness.complete_due(session, NOW)] == ["first", "later"]
    with writers.begin() as session:
        assert completeness.complete_due(session, NOW) == []
        states = {s.study_instance_uid: s.state for s in session.scalars(select(Study))}
        assert states == {
            "first": "complete",
            "later": "complete",
            "not yet": "receiving",
            "without": "receiving",
            "done": "done",
        }
        assert session.scalars(select(Event.name)).all() == ["quiet", "quiet"]


def test_only_a_receiving_study_can_become_complete(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session, pytest.raises(IllegalTransition):
        completeness.complete(session, study_row(session, state="done"))


def test_the_next_deadline(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session:
        assert completeness.next_deadline(session) is None
        study_row(session, "a", complete_after=NOW + SECOND)
        study_row(session, "b", complete_after=NOW)
        study_row(session, "c", state="complete", complete_after=NOW - SECOND)
        assert completeness.next_deadline(session) == NOW


def test_a_study_without_a_deadline_gets_one(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session:
        orphan = study_row(session, "orphan", complete_after=None)
        kept = study_row(session, "kept", complete_after=NOW)
        finished = study_row(session, "finished", state="done", complete_after=None)
        assert completeness.adopt(session, Completeness(quiet_s=7), NOW) == 1
        assert orphan.complete_after == NOW + 7 * SECOND
        assert kept.complete_after == NOW
        assert finished.complete_after is None


def test_held_studies_are_renewed_while_they_receive(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session:
        for name, state in (("held", "receiving"), ("other", "receiving"), ("done", "done")):
            study_row(session, name, state=state, complete_after=NOW)
    with writers.begin() as session:
        completeness.renew(session, {"held", "done"}, NOW + SECOND)
    with writers() as session:
        found = {s.study_instance_uid: s.complete_after for s in session.scalars(select(Study))}
    assert found == {"held": NOW + SECOND, "other": NOW, "done": NOW}


def test_release_takes_the_earlier_deadline() -> None:
    deadlines = Deadlines(Completeness(quiet_s=60, release_s=10))
    assert deadlines.after_release(None, NOW) == NOW + 10 * SECOND
    assert deadlines.after_release(NOW + 50 * SECOND, NOW) == NOW + 10 * SECOND
    assert deadlines.after_release(NOW + 5 * SECOND, NOW) == NOW + 5 * SECOND
