"""Which studies are looked at together."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from node import cases, queue
from node.db import Series, Study
from node.settings import Settings

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 3, 1)
WINDOW = Settings().cases.pairing_days
Writers = sessionmaker[Session]


@pytest.fixture
def completed(study_row: Callable[..., Study]) -> Callable[..., Study]:
    """Make a study that was complete `minute` minutes after the start, `days` days after the first."""

    def make(
        session: Session, uid: str, modality: str, minute: int, days: int = 0, **values: object
    ) -> Study:
        given = {"state": "complete", "study_date": DAY + timedelta(days=days), **values}
        study = study_row(session, uid, **given)
        session.add(Series(study_id=study.id, series_instance_uid=f"{uid}.1", modality=modality))
        session.flush()
        at = START + timedelta(minutes=minute)
        queue.enqueue(session, "analyse", "lumbar", study.id, study.revision, now=at)
        return study

    return make


def uids(session: Session, study: Study) -> list[str]:
    return [s.study_instance_uid for s in cases.case_of(session, study, WINDOW).studies]


def test_the_later_study_completes_the_case_and_the_earlier_one_never_looks_forward(
    writers: Writers, completed: Callable[..., Study]
) -> None:
    with writers.begin() as session:
        mr = completed(session, "1.1", "MR", minute=2)
        ct = completed(session, "1.2", "CT", minute=1, days=-10)
        assert uids(session, mr) == ["1.1", "1.2"]
        assert uids(session, ct) == ["1.2"]
        assert cases.case_of(session, mr, WINDOW).completing is mr


def test_studies_completed_in_the_same_moment_are_ordered_all_the_same(
    writers: Writers, completed: Callable[..., Study]
) -> None:
    with writers.begin() as session:
        first, second = completed(session, "1.1", "MR", 1), completed(session, "1.2", "CT", 1)
        assert uids(session, first) == ["1.1"]
        assert uids(session, second) == ["1.2", "1.1"]


def test_a_ct_that_is_reopened_completes_the_case(writers: Writers, completed: Callable[..., Study]) -> None:
    with writers.begin() as session:
        ct, mr = completed(session, "1.1", "CT", 1), completed(session, "1.2", "MR", 2)
        ct.revision, ct.state = 2, "receiving"
        session.flush()
        assert uids(session, mr) == ["1.2"]
        ct.state = "complete"
        queue.enqueue(session, "analyse", "lumbar", ct.id, 2, now=START + timedelta(minutes=3))
        assert uids(session, ct) == ["1.1", "1.2"]
        assert uids(session, mr) == ["1.2"]


@pytest.mark.parametrize(
    "difference",
    [
        {"patient_key": "another"},
        {"patient_key": None},
        {"study_date": None},
        {"study_date": DAY - timedelta(days=WINDOW + 1)},
        {"study_date": DAY + timedelta(days=WINDOW + 1)},
        {"state": "receiving"},
        {"state": "failed"},
        {"state": "ignored"},
    ],
)
def test_what_is_not_paired(
    writers: Writers, completed: Callable[..., Study], difference: dict[str, object]
) -> None:
    with writers.begin() as session:
        completed(session, "1.1", "CT", 1, **difference)
        assert uids(session, completed(session, "1.2", "MR", 2)) == ["1.2"]


@pytest.mark.parametrize("lack", [{"patient_key": None}, {"study_date": None}])
def test_a_study_without_patient_or_date_is_never_paired(
    writers: Writers, completed: Callable[..., Study], lack: dict[str, object]
) -> None:
    with writers.begin() as session:
        completed(session, "1.1", "CT", 1, **lack)
        assert uids(session, completed(session, "1.2", "MR", 2, **lack)) == ["1.2"]


@pytest.mark.parametrize("state", ["complete", "analysing", "delivering", "done"])
def test_complete_or_beyond_is_paired_up_to_the_last_day(
    writers: Writers, completed: Callable[..., Study], state: str
) -> None:
    with writers.begin() as session:
        completed(session, "1.1", "CT", 1, days=-WINDOW, state=state)
        assert uids(session, completed(session, "1.2", "MR", 2)) == ["1.2", "1.1"]


def test_only_the_nearest_study_of_the_lacking_modality_joins(
    writers: Writers, completed: Callable[..., Study]
) -> None:
    with writers.begin() as session:
        completed(session, "1.1", "CT", 1, days=-90)
        completed(session, "1.2", "CT", 2, days=-3)
        completed(session, "1.3", "MR", 3, days=-1)
        completed(session, "1.4", "US", 4)
        assert uids(session, completed(session, "1.5", "MR", 5)) == ["1.5", "1.2"]
        assert uids(session, completed(session, "1.6", "CT", 6)) == ["1.6", "1.5"]


def test_a_study_that_is_neither_ct_nor_mr_stays_alone(
    writers: Writers, completed: Callable[..., Study]
) -> None:
    with writers.begin() as session:
        completed(session, "1.1", "CT", 1)
        assert uids(session, completed(session, "1.2", "SR", 2)) == ["1.2"]
