from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node.completeness import Deadlines
from node.db import Event, Instance, Refusal, Series, Study
from node.index import AssociationEnded, Message, OwnResult, Refused, Stored
from node.index.carriers import Carriers
from node.index.filing import Filing
from node.settings import Completeness
from node.states import StudyState

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
QUIET, RELEASE = timedelta(seconds=60), timedelta(seconds=10)
SEG = "1.2.840.10008.5.1.4.1.1.66.4"

Make = Callable[..., Stored]
File = Callable[..., None]


@pytest.fixture
def file(writers: sessionmaker[Session]) -> File:
    """File one batch in one transaction; the associations are remembered from batch to batch."""
    carriers, deadlines = Carriers(), Deadlines(Completeness(quiet_s=60, release_s=10))

    def file(*messages: Message, now: datetime = NOW) -> None:
        with writers.begin() as session:
            filing = Filing(session, messages, carriers, deadlines, now)
            for message in messages:
                filing.file(message)

    return file


@pytest.fixture
def study(writers: sessionmaker[Session]) -> Callable[[], Study]:
    """Return the only study."""

    def read() -> Study:
        with writers() as session:
            return session.scalars(select(Study)).one()

    return read


def _count(writers: sessionmaker[Session], table: type) -> int:
    with writers() as session:
        return len(session.scalars(select(table)).all())


def test_instances_are_grouped_by_series_and_study(
    file: File, stored: Make, writers: sessionmaker[Session]
) -> None:
    file(stored("1.1"), stored("1.2"), stored("2.1", series_instance_uid="1.2.3.5", modality="SR"))
    file(stored("1.3"), stored("9.1", study_instance_uid="9"))
    with writers() as session:
        rows = session.execute(
            select(Study.study_instance_uid, Series.series_instance_uid, Instance.sop_instance_uid)
            .join(Series, Series.study_id == Study.id)
            .join(Instance, Instance.series_id == Series.id)
        )
        assert set(map(tuple, rows)) == {
            ("1.2.3", "1.2.3.4", "1.1"),
            ("1.2.3", "1.2.3.4", "1.2"),
            ("1.2.3", "1.2.3.4", "1.3"),
            ("1.2.3", "1.2.3.5", "2.1"),
            ("9", "1.2.3.4", "9.1"),
        }
        assert set(session.scalars(select(Event.name))) == {"opened"}
    assert _count(writers, Event) == 2


def test_the_same_instance_twice_is_one_row(file: File, stored: Make, writers: sessionmaker[Session]) -> None:
    file(stored("1.1"), stored("1.1"))
    file(stored("1.1"))
    assert _count(writers, Instance) == 1


@pytest.mark.parametrize("state", [state for state in StudyState if state is not StudyState.RECEIVING])
def test_a_new_image_opens_a_study_again_in_any_state(
    file: File, stored: Make, study: Callable[[], Study], writers: sessionmaker[Session], state: StudyState
) -> None:
    file(stored("1.1"))
    with writers.begin() as session:
        row = session.scalars(select(Study)).one()
        row.state, row.complete_after, row.reason = state.value, None, "of before"
    file(stored("1.1"))  # once more: not an event
    assert (study().state, study().revision, study().complete_after) == (state.value, 1, None)
    file(stored("1.9", sop_class_uid=SEG))  # of another system: not an event either
    assert (study().state, study().revision) == (state.value, 1)
    file(stored("1.2"), stored("1.3"))
    found = study()
    assert (found.state, found.revision, found.reason) == ("receiving", 2, None)
    assert found.complete_after == NOW + QUIET


def test_what_the_first_instance_lacked_is_taken_from_a_later_one(
    file: File, stored: Make, study: Callable[[], Study]
) -> None:
    file(stored("1.1", patient_key=None, study_date=None), stored("1.2"))
    assert study().patient_key == "p"
    assert study().study_date is not None


def test_a_study_of_two_patients_belongs_to_none_from_then_on(
    file: File, stored: Make, study: Callable[[], Study], writers: sessionmaker[Session]
) -> None:
    file(stored("1.1"), stored("1.2", patient_key=None), stored("1.3", patient_key="q"))
    assert study().patient_key is None
    file(stored("1.4"), stored("1.5", patient_key="q"))
    file(stored("1.6"))
    assert study().patient_key is None
    with writers() as session:
        assert session.scalars(select(Event.name).order_by(Event.id)).all() == ["opened", "mixed_patients"]


def test_release_shortens_and_never_lengthens(file: File, stored: Make, study: Callable[[], Study]) -> None:
    file(stored("1.1"), AssociationEnded(1, released=True))
    assert study().complete_after == NOW + RELEASE
    file(AssociationEnded(1, released=True), now=NOW + QUIET)  # brought nothing since
    assert study().complete_after == NOW + RELEASE


def test_an_abort_gives_the_full_quiet_time(file: File, stored: Make, study: Callable[[], Study]) -> None:
    file(stored("1.1"))
    later = NOW + timedelta(seconds=30)
    file(AssociationEnded(1, released=False), now=later)
    assert study().complete_after == later + QUIET


def test_another_open_association_holds_back(file: File, stored: Make, study: Callable[[], Study]) -> None:
    file(stored("1.1"), stored("1.2", association=2), AssociationEnded(1, released=True))
    assert study().complete_after == NOW + QUIET
    file(AssociationEnded(2, released=True))
    assert study().complete_after == NOW + RELEASE


def test_an_end_does_not_touch_a_study_that_is_complete(
    file: File, stored: Make, study: Callable[[], Study], writers: sessionmaker[Session]
) -> None:
    file(stored("1.1"))
    with writers.begin() as session:
        row = session.scalars(select(Study)).one()
        row.state, row.complete_after = "done", None
    file(AssociationEnded(1, released=False))
    assert study().complete_after is None


def test_refusals_and_own_results_are_recorded(
    file: File, stored: Make, writers: sessionmaker[Session]
) -> None:
    file(
        stored("1.1"),
        OwnResult("1.2.3", "2.25.1", "PACS", NOW),
        OwnResult("unknown", "2.25.2", "PACS", NOW),
        Refused("3" * 80, "PACS", 0xA900, "not a UID", None, NOW),
        Refused(None, "PACS", 0xC000, "cannot be parsed", None, NOW),
    )
    with writers() as session:
        assert session.scalars(select(Event.name).order_by(Event.id)).all() == [
            "opened",
            "own_result_ignored",
        ]
        assert [refusal.status for refusal in session.scalars(select(Refusal).order_by(Refusal.id))] == [
            0xA900,
            0xC000,
        ]
