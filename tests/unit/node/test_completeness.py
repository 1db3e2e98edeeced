from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node import completeness
from node.completeness import Deadlines
from node.db import Event, Instance, Series, Study
from node.errors import IllegalTransition
from node.settings import Completeness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Row = Callable[..., Study]


SETTINGS = Completeness()


def completed(session: Session, now: datetime, settings: Completeness = SETTINGS) -> list[str]:
    """Judge what is due; return the studies that are complete."""
    studies = completeness.due(session, settings, now)
    return [s.study_instance_uid for s in studies if completeness.judge(session, s, settings, now)]


def test_what_is_due_becomes_complete_in_order(writers: sessionmaker[Session], study_row: Row) -> None:
    with writers.begin() as session:
        study_row(session, "later", complete_after=NOW)
        study_row(session, "first", complete_after=NOW - SECOND)
        study_row(session, "not yet", complete_after=NOW + SECOND)
        study_row(session, "without", complete_after=None)
        study_row(session, "done", state="done", complete_after=NOW - SECOND)
    with writers.begin() as session:
        assert completed(session, NOW) == ["first", "later"]
    with writers.begin() as session:
        assert completed(session, NOW) == []
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
        assert completeness.next_deadline(session, SETTINGS) is None
        study_row(session, "a", complete_after=NOW + SECOND)
        study_row(session, "b", complete_after=NOW)
        study_row(session, "c", state="complete", complete_after=NOW - SECOND)
        assert completeness.next_deadline(session, SETTINGS) == NOW


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


def test_the_cap_is_a_deadline_too(writers: sessionmaker[Session], study_row: Row) -> None:
    """However often an association renews the deadline, `cap_s` after the first instance the study is due."""
    capped = Completeness(cap_s=10)
    with writers.begin() as session:
        study_row(session, "a", complete_after=NOW + 60 * SECOND, opened_at=NOW)
        assert completeness.next_deadline(session, capped) == NOW + 10 * SECOND
        assert completed(session, NOW + 9 * SECOND, capped) == []
        assert completed(session, NOW + 10 * SECOND, capped) == ["a"]


REQUIRED = {"modality": "CT", "description": "lumb", "min_instances": 3}


@pytest.fixture
def lacking(study_row: Row) -> Callable[..., Study]:
    """Make a study of one series with two instances, due now."""

    def make(session: Session, description: str = "LUMBAR 3mm", modality: str = "CT") -> Study:
        study = study_row(session, "s", complete_after=NOW, opened_at=NOW)
        series = Series(
            study_id=study.id, series_instance_uid="1.2", modality=modality, description=description
        )
        for number in range(2):
            series.instances.append(instance(f"1.2.{number}"))
        session.add(series)
        session.flush()
        return study

    return make


def instance(uid: str) -> Instance:
    values = {"sop_class_uid": "1", "transfer_syntax_uid": "1", "sha256": "", "size": 1, "calling_ae": "A"}
    return Instance(sop_instance_uid=uid, path=uid, **values)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (REQUIRED, "CT: 0 of 1 series named like 'lumb' with at least 3 instances"),
        ({**REQUIRED, "min_instances": 2}, None),
        ({**REQUIRED, "min_instances": 2, "min_series": 2}, "CT: 1 of 2 series named like"),
        ({**REQUIRED, "min_instances": 2, "description": "thorax"}, "CT: 0 of 1 series named like 'thorax'"),
        ({"modality": "MR", "min_instances": 9}, None),  # not a study of that kind
    ],
)
def test_required_series(
    writers: sessionmaker[Session], lacking: Callable[..., Study], rule: dict[str, object], text: str | None
) -> None:
    settings = Completeness.model_validate({"required": [rule]})
    with writers.begin() as session:
        found = completeness.missing_of(session, lacking(session), settings)
        assert (found is None) == (text is None)
        assert (text or "") in (found or "")


def test_what_is_required_is_waited_for_until_the_cap(
    writers: sessionmaker[Session], lacking: Callable[..., Study]
) -> None:
    settings = Completeness.model_validate({"required": [REQUIRED], "cap_s": 60, "ask_again_s": 20})
    with writers.begin() as session:
        study = lacking(session)
        assert completed(session, NOW, settings) == []
        assert study.complete_after == NOW + 20 * SECOND
        session.flush()
        assert completed(session, NOW + 60 * SECOND, settings) == ["s"]
        assert study.incomplete.startswith("CT: 0 of 1 series")
        session.flush()
        assert session.scalars(select(Event)).one().detail["incomplete"] == study.incomplete


def test_a_site_may_hold_what_is_incomplete(
    writers: sessionmaker[Session], lacking: Callable[..., Study]
) -> None:
    values = {"required": [REQUIRED], "cap_s": 60, "incomplete": "hold"}
    with writers.begin() as session:
        study = lacking(session)
        assert completed(session, NOW + 60 * SECOND, Completeness.model_validate(values)) == []
        assert (study.state, study.complete_after) == ("held", None)
        assert "goes on when the rest comes" in study.reason


def test_a_rule_that_is_no_pattern_is_named() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        Completeness.model_validate({"required": [{"modality": "CT", "description": "("}]})
