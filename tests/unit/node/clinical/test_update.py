"""New clinical variables, on both databases: what is kept, and which case is predicted again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node import queue
from node.clinical.kept import known
from node.clinical.update import store
from node.db import Clinical, Event, Instance, Job, Series, Study
from node.settings import parse
from node.states import StudyState
from node.worker.assignments import next_assignment

Writers = sessionmaker[Session]
StudyRow = Callable[..., Study]
TERMS = queue.Terms(timedelta(minutes=5), 2, timedelta(0))
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def analysed(
    session: Session, study_row: StudyRow, uid: str, state: str, after: int = 0, **values: object
) -> Study:
    study = study_row(session, uid, state=state, **values)
    clock = T0 + timedelta(hours=after)
    session.add(Job(study_id=study.id, kind="analyse", target="lumbar", state="succeeded", clock=clock))
    series = Series(study_id=study.id, series_instance_uid=f"{uid}.1", modality="CT")
    series.instances.append(
        Instance(
            sop_instance_uid=f"{uid}.1.1",
            sop_class_uid="1.2",
            transfer_syntax_uid="1.2",
            sha256="",
            size=1,
            path=f"objects/{uid}",
            calling_ae="A",
        )
    )
    session.add(series)
    session.flush()
    return study


def test_what_is_stored_replaces_what_was(writers: Writers) -> None:
    with writers.begin() as session:
        assert known(session, "p") == {} == known(session, None)
        assert store(session, "p", {"age": 60.0, "sex": "F"}, "csv") is None
        assert store(session, "q", {"age": 50.0}, "rest") is None
        store(session, "p", {"age": 61.0}, "rest")
    with writers.begin() as session:
        assert known(session, "p") == {"age": 61.0}
        assert session.scalars(select(Clinical.source).order_by(Clinical.patient_key)).all() == [
            "rest",
            "rest",
        ]


@pytest.mark.parametrize("state", ["analysing", "delivering", "done", "failed"])
def test_the_latest_case_goes_one_revision_on(writers: Writers, study_row: StudyRow, state: str) -> None:
    with writers.begin() as session:
        analysed(session, study_row, "1.2.1", "done")
        analysed(session, study_row, "1.2.2", state, after=1)
        analysed(session, study_row, "1.2.3", "done", after=2, patient_key="another")
        assert store(session, "p", {"age": 60.0}, "csv") == "1.2.2"
    with writers.begin() as session:
        studies = {s.study_instance_uid: s for s in session.scalars(select(Study))}
        assert {uid: (s.state, s.revision) for uid, s in studies.items()} == {
            "1.2.1": ("done", 1),
            "1.2.2": (StudyState.COMPLETE.value, 2),
            "1.2.3": ("done", 1),
        }
        (event,) = session.scalars(select(Event).filter_by(name="clinical"))
        assert event.study_id == studies["1.2.2"].id and event.revision == 2
        (job,) = session.scalars(select(Job).filter_by(revision=2))
        assert (job.kind, job.state) == ("analyse", "queued")


def test_the_same_variables_change_nothing(writers: Writers, study_row: StudyRow) -> None:
    with writers.begin() as session:
        store(session, "p", {"age": 60.0}, "csv")
        study = analysed(session, study_row, "1.2.1", "done")
        assert store(session, "p", {"age": 60.0}, "csv") is None
        assert (study.state, study.revision) == ("done", 1)


@pytest.mark.parametrize("state", ["receiving", "complete", "ignored"])
def test_a_study_that_waits_or_is_ignored_stays_as_it_is(
    writers: Writers, study_row: StudyRow, state: str
) -> None:
    with writers.begin() as session:
        study = analysed(session, study_row, "1.2.1", state)
        assert store(session, "p", {"age": 60.0}, "rest") is None
        assert (study.state, study.revision) == (state, 1)


def test_a_worker_gets_the_variables_and_one_that_runs_is_superseded(
    writers: Writers, study_row: StudyRow, tmp_path: Path
) -> None:
    settings = parse({"data_dir": tmp_path}, "test")
    with writers.begin() as session:
        analysed(session, study_row, "1.2.1", "done")
        store(session, "p", {"age": 60.0}, "csv")
        first = next_assignment(session, "w", TERMS, settings)
        assert first is not None and first.order.clinical == {"age": 60.0}
        store(session, "p", {"age": 61.0}, "csv")
        second = next_assignment(session, "w", TERMS, settings)
        assert second is not None and second.order.clinical == {"age": 61.0}
        assert (first.job.revision, second.job.revision) == (2, 3)
