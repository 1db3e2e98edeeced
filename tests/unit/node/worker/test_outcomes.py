"""What an answer means, on both databases; the rules that no race may break."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node import queue
from node.db import Delivery, Event, Instance, Job, Model, Result, Series, Shadow, Study
from node.dispatcher import hand_out, retry
from node.errors import IllegalTransition, LeaseLost
from node.registry import records
from node.settings import Settings, parse
from node.worker.assignments import Assignment, next_assignment
from node.worker.messages import Done, Failure, Made, PredictorFolder
from node.worker.outcomes import record_done, record_failure, record_release

TERMS = queue.Terms(timedelta(minutes=5), 2, timedelta(0))
Writers = sessionmaker[Session]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    to = {"name": "pacs", "ae_title": "PACS", "host": "127.0.0.1", "port": 104}
    values = {"data_dir": tmp_path, "destinations": [to], "segmentation": {"ct": "theirs"}}
    return parse(values, "test")


@pytest.fixture
def claimed(
    writers: Writers, study_row: Callable[..., Study], settings: Settings
) -> Callable[[], Assignment | None]:
    """Claim the analysis of the one study, made at the first call."""

    def claim() -> Assignment | None:
        with writers.begin() as session:
            if session.scalars(select(Study)).first() is None:
                study = study_row(session, state="complete")
                series = Series(study_id=study.id, series_instance_uid="1.2.3.1", modality="CT")
                series.instances.append(_instance())
                session.add(series)
                hand_out(session, study)
            return next_assignment(session, "w", TERMS, settings)

    return claim


def _instance() -> Instance:
    return Instance(
        sop_instance_uid="1.2.3.1.1",
        sop_class_uid="1.2",
        transfer_syntax_uid="1.2",
        sha256="",
        size=1,
        path="objects/00/x.dcm",
        calling_ae="A",
    )


def done(settings: Settings, applicable: bool = True) -> tuple[Done, tuple[Made, ...]]:
    made = (Made(settings.data_dir.resolve() / "results/x.dcm", "seg", "1.2", "9.9", "1.2.3"),)
    return Done(applicable, ("CODE: text",), made, {}), made


def study(writers: Writers) -> Study:
    with writers() as session:
        return session.scalars(select(Study)).one()


def test_an_order_says_everything(claimed: Callable[[], Assignment], settings: Settings) -> None:
    order = claimed().order
    assert order.files == (settings.data_dir / "objects/00/x.dcm",)
    assert order.header == order.files[0]
    assert order.out_dir == settings.data_dir / "results/1.2.3/.1.1"
    assert order.completing_study_uid == "1.2.3"
    assert order.segmenters == {"ct": {"backend": "theirs"}}


def test_an_order_names_the_models_in_use_as_they_are_now(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    model = {"name": "pain", "kind": "predictor", "digest": "d", "sha256": "m", "demonstration": False}
    with writers.begin() as session:
        session.add(Model(version="1.0", state="active", **model))
        session.add(Model(version="1.1", state="shadow", **model))
        session.add(Model(version="0.9", state="candidate", **model))
    order = claimed().order
    folder = settings.data_dir.resolve() / "models/pain"
    assert order.predictors == (PredictorFolder("pain", "1.0", folder / "1.0", "d", "m"),)
    assert order.shadows == (PredictorFolder("pain", "1.1", folder / "1.1", "d", "m"),)
    with writers.begin() as session:
        records.retire(session, "pain", "1.1", None, "me")
        queue.expire(session, "w")
    assert claimed().order.shadows == ()


def test_what_a_shadow_answered_is_kept_and_no_result(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    job = claimed().job
    answer, made = done(settings)
    told = {"name": "pain", "version": "1.1", "digest": "d", "answer": {"status": "evaluated"}, "active": {}}
    with writers.begin() as session:
        record_done(session, job, replace(answer, shadows=(told,)), made, settings)
    with writers() as session:
        row = session.scalars(select(Shadow)).one()
        assert (row.name, row.version, row.revision, row.answer) == ("pain", "1.1", 1, told["answer"])
        assert [result.kind for result in session.scalars(select(Result))] == ["seg"]


def test_done_posts_the_results(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    job = claimed().job
    with writers.begin() as session:
        record_done(session, job, *done(settings), settings)
    assert (study(writers).state, study(writers).reason) == ("delivering", "CODE: text")
    with writers() as session:
        assert session.scalars(select(Result)).one().path == "results/x.dcm"
        assert session.scalars(select(Delivery)).one().state == "pending"


def test_the_same_uid_in_a_later_revision_leaves_the_object_and_its_delivery_as_they_are(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    job = claimed().job
    with writers.begin() as session:
        record_done(session, job, *done(settings), settings)
    with writers.begin() as session:
        session.scalars(select(Delivery)).one().state = "delivered"
        again = session.scalars(select(Study)).one()
        again.state, again.revision = "complete", 2
        hand_out(session, again)
    job = claimed().job
    answer, (made,) = done(settings)
    elsewhere = replace(made, path=made.path.with_name("y.dcm"))
    with writers.begin() as session:
        record_done(session, job, answer, (elsewhere,), settings)
    assert study(writers).state == "done"
    with writers() as session:
        assert session.scalars(select(Result)).one().path == "results/x.dcm"
        assert session.scalars(select(Delivery)).one().state == "delivered"
        assert [j.revision for j in session.scalars(select(Job).filter_by(kind="deliver"))] == [1]


def test_a_job_that_was_taken_over_records_nothing(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    job = claimed().job
    with writers.begin() as session:
        queue.expire(session, "w")
    second = claimed()
    assert second.job.attempts == 2
    for record in (
        lambda session: record_done(session, job, *done(settings), settings),
        lambda session: record_failure(session, job, Failure("X", "late"), TERMS),
        lambda session: record_release(session, job),
    ):
        with pytest.raises(LeaseLost), writers.begin() as session:
            record(session)
    assert study(writers).state == "analysing"
    with writers() as session:
        assert session.scalars(select(Result)).all() == []
        names = session.scalars(select(Event.name).order_by(Event.id)).all()
    assert names == ["claimed", "released", "claimed"]


@pytest.mark.parametrize("failed", [False, True])
def test_the_outcome_for_a_study_that_was_reopened_is_dropped(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings, failed: bool
) -> None:
    job = claimed().job
    with writers.begin() as session:
        reopened = session.scalars(select(Study)).one()
        reopened.state, reopened.revision = "receiving", 2
    with writers.begin() as session:
        if failed:
            record_failure(session, job, Failure("X", "bad", permanent=True), TERMS)
        else:
            record_done(session, job, *done(settings), settings)
    assert (study(writers).state, study(writers).revision) == ("receiving", 2)
    with writers() as session:
        assert session.scalars(select(Result)).all() == []


def test_a_job_for_an_older_revision_is_not_begun(
    writers: Writers, study_row: Callable[..., Study], settings: Settings
) -> None:
    with writers.begin() as session:
        row = study_row(session, state="complete")
        hand_out(session, row)
        row.revision, row.state = 2, "receiving"
    with writers.begin() as session:
        assert next_assignment(session, "w", TERMS, settings) is None
        assert [(j.state, j.error) for j in session.scalars(select(Job))] == [
            ("succeeded", "superseded: the study has changed since")
        ]


def test_failures_lead_back_and_then_to_failed_with_the_reason(
    writers: Writers, claimed: Callable[[], Assignment]
) -> None:
    for again in (True, False):
        job = claimed().job
        with writers.begin() as session:
            assert record_failure(session, job, Failure("TIME_LIMIT", "stopped"), TERMS) is again
        assert study(writers).state == ("complete" if again else "failed")
    assert study(writers).reason == "TIME_LIMIT: stopped"


def test_an_order_names_the_reports_made_before_and_no_other_object(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    assert claimed().order.previous == ()
    with writers.begin() as session:
        row = session.scalars(select(Study)).one()
        for number, kind in enumerate(("measurement_sr", "seg", "risk_sr")):
            session.add(
                Result(
                    study_id=row.id, revision=1, kind=kind, sop_class_uid="1", sop_instance_uid=f"1.{number}",
                    path=f"results/{kind}.dcm",
                )
            )  # fmt: skip
        queue.expire(session, "w")
    root = settings.data_dir.resolve()
    assert claimed().order.previous == (root / "results/measurement_sr.dcm", root / "results/risk_sr.dcm")


def test_out_of_memory_leads_to_the_cpu_once(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    patient = replace(TERMS, max_attempts=5)
    first = claimed()
    assert first.order.device == settings.worker.device == "auto"
    with writers.begin() as session:
        assert record_failure(session, first.job, Failure("OUT_OF_MEMORY", "no room"), patient)
    second = claimed()
    assert second.order.device == "cpu"
    with writers.begin() as session:
        assert not record_failure(session, second.job, Failure("MEMORY_LIMIT", "no room"), patient)
    with writers() as session:
        job = session.scalars(select(Job).filter_by(kind="analyse")).one()
    assert (job.state, job.cause, study(writers).state) == ("failed", "MEMORY_LIMIT", "failed")


def test_a_person_s_retry_starts_over(
    writers: Writers, claimed: Callable[[], Assignment], settings: Settings
) -> None:
    job = claimed().job
    with writers.begin() as session:
        with pytest.raises(IllegalTransition):
            retry(session, session.get_one(Study, job.study_id))
        record_done(session, job, *done(settings, applicable=False), settings)
    assert study(writers).state == "ignored"
    with writers.begin() as session:
        retry(session, session.get_one(Study, job.study_id))
    again = claimed()
    assert (again.job.id, again.job.attempts, again.job.clock) == (job.id, 1, job.clock)
