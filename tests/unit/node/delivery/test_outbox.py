"""The outbox: what is sent where, how often, and what it means for the study."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from node import history, queue
from node.db import Delivery, Job, Result, Study
from node.delivery import commitments, fallback, outbox
from node.delivery.objects import Receipt
from node.settings import CStoreDestination, Destination

TERMS = queue.Terms(lease=timedelta(minutes=1), max_attempts=2, retry=timedelta(0))
Writers = sessionmaker[Session]


def to(name: str, **values: object) -> Destination:
    given = {"name": name, "ae_title": "A", "host": "127.0.0.1", "port": 104, **values}
    return CStoreDestination.model_validate(given)


@pytest.fixture
def posted(writers: Writers, study_row: Callable[..., Study]) -> Callable[..., int]:
    """Post two results of one study to some destinations; returns the study's id."""

    def post(*destinations: Destination, revision: int = 1) -> int:
        with writers.begin() as session:
            study = session.scalars(select(Study)).first() or study_row(session)
            study.state, study.revision, study.reason = "delivering", revision, None
            results = []
            for kind in ("seg", "risk_sr"):
                result = session.scalars(select(Result).filter_by(kind=kind)).first()
                if result is None:
                    uid = f"1.2.3.{kind == 'seg':d}"
                    result = Result(study_id=study.id, revision=revision, kind=kind, path=f"r/{kind}.dcm")
                    result.sop_class_uid, result.sop_instance_uid, result.summary = "1.2", uid, {}
                    session.add(result)
                result.revision = revision
                results.append(result)
            session.flush()
            outbox.post(session, study, results, destinations)
            outbox.settle(session, study.id, study.revision)
            return study.id

    return post


def claim(writers: Writers, target: str) -> Job | None:
    with writers.begin() as session:
        return queue.claim(session, "deliver", "w", TERMS, target=target)


def deliver(writers: Writers, job: Job, *verdicts: str, trouble: str | None = None) -> bool:
    with writers.begin() as session:
        objects = outbox.pending(session, job, Path("/data"))
        for item, verdict in zip(objects, verdicts, strict=True):
            outbox.note(session, Receipt(item.delivery_id, verdict, None if verdict == "delivered" else "no"))
        return outbox.conclude(session, job, TERMS, trouble)


def state(writers: Writers) -> tuple[str, str | None]:
    with writers() as session:
        study = session.scalars(select(Study)).one()
        return study.state, study.reason


def test_without_destinations_a_study_is_done_at_once(writers: Writers, posted: Callable[..., int]) -> None:
    posted()
    assert state(writers) == ("done", None)


def test_a_destination_gets_the_kinds_that_it_wants(writers: Writers, posted: Callable[..., int]) -> None:
    posted(to("all"), to("sr", send=["risk_sr"]), to("none", send=["pdf"]))
    with writers() as session:
        rows = [(d.destination, d.state) for d in session.scalars(select(Delivery).order_by(Delivery.id))]
        targets = [job.target for job in session.scalars(select(Job).order_by(Job.id))]
        jobs = {job.target: job for job in session.scalars(select(Job))}
        assert [o.path for o in outbox.pending(session, jobs["sr"], Path("/data"))] == [
            Path("/data/r/risk_sr.dcm")
        ]
    assert rows == [("all", "pending"), ("all", "pending"), ("sr", "pending")]
    assert targets == ["all", "sr"]


def test_a_study_is_done_when_the_last_destination_has_everything(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"), to("b"))
    deliver(writers, claim(writers, "a"), "delivered", "delivered")
    assert state(writers) == ("delivering", None)
    deliver(writers, claim(writers, "b"), "delivered", "delivered")
    assert state(writers) == ("done", None)


def test_only_what_is_missing_is_tried_again(writers: Writers, posted: Callable[..., int]) -> None:
    posted(to("a"))
    assert deliver(writers, claim(writers, "a"), "delivered", "deferred", trouble="a: full")
    assert state(writers) == ("delivering", None)
    assert not deliver(writers, claim(writers, "a"), "delivered")
    assert state(writers) == ("done", None)


def test_a_refusal_fails_the_study_once_the_others_are_through(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"), to("b"))
    assert not deliver(writers, claim(writers, "a"), "refused", "delivered")
    assert state(writers)[0] == "delivering"
    deliver(writers, claim(writers, "b"), "delivered", "delivered")
    assert state(writers) == ("failed", "a: no")


def test_attempts_end(writers: Writers, posted: Callable[..., int]) -> None:
    posted(to("a"))
    assert deliver(writers, claim(writers, "a"), "deferred", "deferred", trouble="a: cannot be reached")
    assert not deliver(writers, claim(writers, "a"), "deferred", "deferred", trouble="a: cannot be reached")
    assert state(writers) == ("failed", "a: cannot be reached")


def test_a_person_s_retry_sends_what_was_refused_and_nothing_twice(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"))
    deliver(writers, claim(writers, "a"), "refused", "delivered")
    posted(to("a"), to("new", send=["risk_sr"]))
    assert not deliver(writers, claim(writers, "a"), "delivered")
    assert state(writers) == ("delivering", None)
    deliver(writers, claim(writers, "new"), "delivered")
    assert state(writers) == ("done", None)
    posted(to("a"))
    assert state(writers) == ("done", None)
    assert claim(writers, "a") is None


def test_the_same_objects_of_a_later_revision_are_not_sent_again(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"))
    deliver(writers, claim(writers, "a"), "delivered", "delivered")
    posted(to("a"), revision=2)
    assert claim(writers, "a") is None
    assert state(writers) == ("done", None)


def test_a_reopened_study_is_not_moved_by_its_old_deliveries(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"))
    job = claim(writers, "a")
    with writers.begin() as session:
        study = session.scalars(select(Study)).one()
        study.state, study.revision = "receiving", 2
    deliver(writers, job, "delivered", "delivered")
    assert state(writers) == ("receiving", None)


def test_a_destination_that_is_no_longer_configured_is_given_up(
    writers: Writers, posted: Callable[..., int]
) -> None:
    posted(to("a"), to("gone"))
    deliver(writers, claim(writers, "a"), "delivered", "delivered")
    with writers.begin() as session:
        assert outbox.abandon(session, ["a"]) == 1
    with writers() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        assert [row.state for row in rows] == ["delivered", "delivered", "refused", "refused"]
    assert state(writers) == ("failed", "gone: no longer among the destinations of the settings")


def _states(writers: Writers) -> list[tuple[str, str | None]]:
    with writers() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.state, row.confirmed_by) for row in rows]


Taken = Callable[[], tuple[Job, list[int]]]


@pytest.fixture
def taken(posted: Callable[..., int], writers: Writers) -> Taken:
    """Have "pacs" take both results, and confirm neither; returns the job and the deliveries' numbers."""

    def take() -> tuple[Job, list[int]]:
        posted(to("pacs"))
        job = claim(writers, "pacs")
        assert job is not None
        with writers.begin() as session:
            numbers = [item.delivery_id for item in outbox.pending(session, job, Path("/data"))]
            for number in numbers:
                outbox.note(session, Receipt(number, "sent"))
        return job, numbers

    return take


def test_what_was_taken_waits_for_its_confirmation(taken: Taken, writers: Writers) -> None:
    job, numbers = taken()
    with writers.begin() as session:
        assert outbox.pending(session, job, Path("/data")) == []
        assert len(outbox.unconfirmed(session, job, Path("/data"))) == 2
        commitments.ask(session, numbers, "1.2.9")
        assert not commitments.settled(session, "1.2.9")
    with writers.begin() as session:
        assert commitments.record_report(session, "1.2.9", {"1.2.3.1"}, {"1.2.3.0": 0x0112})
        assert commitments.settled(session, "1.2.9")
    assert _states(writers) == [("delivered", "commitment"), ("pending", None)]
    with writers.begin() as session:
        (lost,) = outbox.pending(session, job, Path("/data"))
        row = session.get_one(Delivery, lost.delivery_id)
        assert row.error == "storage commitment: 0x0112, no such object instance"


def test_a_report_on_an_earlier_try_counts_no_more(taken: Taken, writers: Writers) -> None:
    _job, numbers = taken()
    with writers.begin() as session:
        commitments.ask(session, numbers, "1.2.8")
        commitments.ask(session, numbers, "1.2.9")
        assert not commitments.record_report(session, "1.2.8", {"1.2.3.0", "1.2.3.1"}, {})
    assert _states(writers) == [("sent", None), ("sent", None)]


def test_a_later_word_does_not_undo_a_delivery(posted: Callable[..., int], writers: Writers) -> None:
    posted(to("pacs"))
    job = claim(writers, "pacs")
    assert job is not None
    with writers.begin() as session:
        first, second = outbox.pending(session, job, Path("/data"))
        outbox.note(session, Receipt(first.delivery_id, "delivered"))
        outbox.note(session, Receipt(first.delivery_id, "lost"))
        outbox.note(session, Receipt(second.delivery_id, "sent"))
    assert _states(writers) == [("delivered", "c-store"), ("sent", None)]


def test_a_late_report_upgrades_c_find_s_word_or_takes_it_back(taken: Taken, writers: Writers) -> None:
    job, numbers = taken()
    with writers.begin() as session:
        commitments.ask(session, numbers, "1.2.9")
        for number in numbers:
            outbox.note(session, Receipt(number, "delivered", by="c-find"))
        outbox.conclude(session, job, TERMS, None)
    assert state(writers)[0] == "done"
    with writers.begin() as session:
        assert commitments.record_report(session, "1.2.9", {"1.2.3.1"}, {"1.2.3.0": 0x0112})
    assert _states(writers) == [("delivered", "commitment"), ("pending", None)]
    assert state(writers)[0] == "delivering"
    assert not deliver(writers, claim(writers, "pacs"), "delivered")
    assert state(writers)[0] == "done"
    with writers.begin() as session:  # the same report again
        assert commitments.record_report(session, "1.2.9", {"1.2.3.1"}, {"1.2.3.0": 0x0112})
    assert state(writers)[0] == "done"


def test_a_report_wakes_the_job_that_waits_for_it(taken: Taken, writers: Writers) -> None:
    job, numbers = taken()
    patient = queue.Terms(lease=timedelta(minutes=1), max_attempts=2, retry=timedelta(hours=1))
    with writers.begin() as session:
        commitments.ask(session, numbers, "1.2.9")
        assert outbox.conclude(session, job, patient, "no report")
    assert claim(writers, "pacs") is None
    with writers.begin() as session:
        commitments.record_report(session, "1.2.9", {"1.2.3.0", "1.2.3.1"}, {})
    assert not deliver(writers, claim(writers, "pacs"))
    assert state(writers) == ("done", None)


def test_a_report_that_comes_as_the_attempt_ends_leaves_nothing_to_do(
    posted: Callable[..., int], writers: Writers
) -> None:
    posted(to("pacs"))
    assert not deliver(writers, claim(writers, "pacs"), "delivered", "delivered", trouble="not confirmed yet")
    assert state(writers) == ("done", None)


def test_a_commitment_is_asked_for_once_until_it_is_old_or_withdrawn(taken: Taken, writers: Writers) -> None:
    job, numbers = taken()

    def due(again: timedelta) -> int:
        with writers() as session:
            return len(commitments.due(outbox.unconfirmed(session, job, Path("/data")), again))

    assert due(timedelta(hours=1)) == 2
    with writers.begin() as session:
        commitments.ask(session, numbers, "1.2.9")
    assert due(timedelta(hours=1)) == 0
    assert due(timedelta(0)) == 2
    with writers.begin() as session:
        commitments.withdraw(session, "1.2.9")
    assert due(timedelta(hours=1)) == 2
    with writers.begin() as session:
        commitments.ask(session, numbers, "1.2.10")
        commitments.forget(session)
    assert due(timedelta(hours=1)) == 2


@pytest.fixture
def with_pdf(writers: Writers, posted: Callable[..., int]) -> Callable[[Destination], None]:
    """Post a SEG, a risk SR and a PDF that the destination did not ask for."""

    def post(destination: Destination) -> None:
        study_id = posted(destination)
        with writers.begin() as session:
            which = {"study_id": study_id, "revision": 1, "sop_class_uid": "1.2", "summary": {}}
            session.add(Result(kind="pdf", path="r/pdf.dcm", sop_instance_uid="1.2.3.9", **which))

    return post


def refuse(writers: Writers, job: Job) -> list[bool]:
    with writers.begin() as session:
        refused = outbox.pending(session, job, Path("/data"))
        for item in refused:
            outbox.note(session, Receipt(item.delivery_id, "unsupported", "status 0x0122"))
        return [fallback.post(session, item.delivery_id) for item in refused]


def test_a_pdf_goes_in_the_stead_of_what_is_refused_and_the_study_is_done(
    writers: Writers, with_pdf: Callable[[Destination], None]
) -> None:
    with_pdf(to("old", send=["seg", "risk_sr"], fallback=True))
    job = claim(writers, "old")
    assert job is not None
    assert refuse(writers, job) == [True, True]
    assert not deliver(writers, job, "delivered")
    assert state(writers) == ("done", "old refuses risk_sr, seg; pdf sent instead")
    assert _states(writers) == [("refused", "fallback"), ("refused", "fallback"), ("delivered", "c-store")]


def test_a_pdf_that_is_refused_too_fails_the_study(
    writers: Writers, with_pdf: Callable[[Destination], None]
) -> None:
    with_pdf(to("old", send=["seg", "risk_sr"], fallback=True))
    job = claim(writers, "old")
    assert job is not None
    refuse(writers, job)
    assert refuse(writers, job) == [False]
    assert not deliver(writers, job)
    assert state(writers) == ("failed", "old: status 0x0122")


def test_without_a_pdf_a_refusal_fails_the_study(writers: Writers, posted: Callable[..., int]) -> None:
    posted(to("old", fallback=True))
    job = claim(writers, "old")
    assert job is not None
    assert refuse(writers, job) == [False, False]
    assert not deliver(writers, job)
    assert state(writers)[0] == "failed"


def test_what_one_destination_refused_is_sent_there_again(
    writers: Writers, posted: Callable[..., int]
) -> None:
    study_id = posted(to("a"), to("b"))
    deliver(writers, claim(writers, "a"), "refused", "delivered")
    deliver(writers, claim(writers, "b"), "delivered", "delivered")
    assert state(writers) == ("failed", "a: no")
    with writers.begin() as session:
        assert outbox.resend(session, history.locked(session, study_id), "b") == 0
        assert outbox.resend(session, history.locked(session, study_id), "a") == 1
    assert state(writers) == ("delivering", None)
    assert claim(writers, "b") is None
    assert not deliver(writers, claim(writers, "a"), "delivered")
    assert state(writers) == ("done", None)


def test_a_person_does_not_wait_for_the_end_of_a_pause(writers: Writers, posted: Callable[..., int]) -> None:
    study_id = posted(to("a"))
    job = claim(writers, "a")
    assert job is not None
    patient = queue.Terms(lease=timedelta(minutes=1), max_attempts=9, retry=timedelta(hours=1))
    with writers.begin() as session:
        assert outbox.conclude(session, job, patient, "a: cannot be reached")
    assert claim(writers, "a") is None
    with writers.begin() as session:
        assert outbox.resend(session, history.locked(session, study_id), "a") == 2
    assert claim(writers, "a") is not None
