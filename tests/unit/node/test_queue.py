"""The queue on both dialects, with workers that race and workers that die."""

import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from workers.racers import TERMS, drain, take_and_die

from node import queue
from node.db import Job, Study
from node.errors import LeaseLost

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Writers = sessionmaker[Session]


@pytest.fixture
def fill(writers: Writers, study_row: Callable[..., Study]) -> Callable[[int], int]:
    """Queue so many jobs of one study; returns the study's id."""

    def fill(count: int) -> int:
        with writers.begin() as session:
            study = study_row(session)
            for number in range(count):
                assert queue.enqueue(session, "analyse", f"p{number}", study.id, 1, now=NOW)
            return study.id

    return fill


def claim(writers: Writers, worker: str = "w", at: datetime = NOW, target: str | None = None) -> Job | None:
    with writers.begin() as session:
        return queue.claim(session, "analyse", worker, TERMS, target=target, now=at)


def row(writers: Writers) -> Job:
    with writers() as session:
        return session.scalars(select(Job)).one()


def test_the_same_job_is_queued_once(writers: Writers, fill: Callable[[int], int]) -> None:
    study_id = fill(1)
    with writers.begin() as session:
        assert not queue.enqueue(session, "analyse", "p0", study_id, 1)
        assert not queue.enqueue(session, "analyse", "p0", study_id, 1, again=True)
        assert queue.enqueue(session, "analyse", "p0", study_id, 2)


def test_a_settled_job_is_queued_again_with_its_first_clock(
    writers: Writers, fill: Callable[[int], int]
) -> None:
    study_id = fill(1)
    job = claim(writers)
    with writers.begin() as session:
        queue.finish(session, job)
        assert not queue.enqueue(session, "analyse", "p0", study_id, 1, now=NOW + MINUTE)
        assert queue.enqueue(session, "analyse", "p0", study_id, 1, again=True, now=NOW + MINUTE)
    again = claim(writers, at=NOW + MINUTE)
    assert (again.clock, again.attempts) == (NOW, 1)


def test_a_claim_goes_by_priority_then_age_and_only_to_what_is_due(
    writers: Writers, fill: Callable[[int], int]
) -> None:
    study_id = fill(2)
    with writers.begin() as session:
        queue.enqueue(session, "analyse", "p2", study_id, 1, priority=1, now=NOW)
        session.scalars(select(Job).order_by(Job.id)).first().run_after = NOW + MINUTE
    assert [claim(writers).target for _ in range(2)] == ["p2", "p1"]
    assert claim(writers) is None
    assert claim(writers, at=NOW + MINUTE, target="p9") is None
    assert claim(writers, at=NOW + MINUTE, target="p0").target == "p0"


def test_urgent_jobs_overtake_and_nobody_starves(writers: Writers, fill: Callable[[int], int]) -> None:
    """One plain job among urgent ones that come every ten minutes, and are worked on as fast as they come."""
    study_id = fill(1)
    served = []
    for number in range(1, 12):
        at = NOW + 10 * number * MINUTE
        with writers.begin() as session:
            queue.enqueue(session, "analyse", f"stat{number}", study_id, 1, priority=1, now=at)
        job = claim(writers, at=at)
        served.append(job.target)
        with writers.begin() as session:
            queue.finish(session, job)
    assert served[0] == "stat1"
    assert served.index("p0") == 5  # after an hour: the sixth urgent job was queued too late to overtake


def test_a_dead_worker_loses_its_lease_and_its_say(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    first = claim(writers, "a")
    assert claim(writers, "b", NOW + 4 * MINUTE) is None
    second = claim(writers, "b", NOW + 6 * MINUTE)
    assert (second.id, second.attempts) == (first.id, 2)
    for says in (
        lambda session: queue.finish(session, first),
        lambda session: queue.fail(session, first, TERMS, "late"),
        lambda session: queue.keep(session, first, TERMS),
        lambda session: queue.release(session, first),
    ):
        with pytest.raises(LeaseLost, match=r"job \d+: a no longer holds it"), writers.begin() as session:
            says(session)


def test_a_heartbeat_keeps_the_lease_and_notes_progress(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    job = claim(writers, "a")
    with writers.begin() as session:
        queue.keep(session, job, TERMS, {"stage": "ct", "fraction": 0.5}, NOW + 4 * MINUTE)
    assert claim(writers, "b", NOW + 8 * MINUTE) is None
    assert row(writers).progress == {"stage": "ct", "fraction": 0.5}


def test_failures_back_off_doubling_and_end(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    at = NOW
    for pause in (30, 60):
        job = claim(writers, at=at)
        with writers.begin() as session:
            assert queue.fail(session, job, TERMS, "boom", now=at)
            assert queue.next_due(session, "analyse", TERMS) == at + timedelta(seconds=pause)
        assert claim(writers, at=at + timedelta(seconds=pause - 1)) is None
        at += timedelta(seconds=pause)
    job = claim(writers, at=at)
    with writers.begin() as session:
        assert not queue.fail(session, job, TERMS, "boom", now=at)
        assert queue.next_due(session, "analyse", TERMS) is None
    assert (row(writers).state, row(writers).error) == ("failed", "boom")


def test_a_permanent_failure_is_not_tried_again(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    job = claim(writers)
    with writers.begin() as session:
        assert not queue.fail(session, job, TERMS, "no such thing", permanent=True)
    assert row(writers).state == "failed"


def test_pauses_stop_doubling_at_an_hour() -> None:
    assert [TERMS.pause(n).total_seconds() for n in (1, 2, 7, 8, 50, 10_000)] == [
        30,
        60,
        1920,
        3600,
        3600,
        3600,
    ]


def test_a_released_job_has_lost_no_attempt(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    for _ in range(5):
        job = claim(writers)
        with writers.begin() as session:
            queue.release(session, job, NOW)
    assert (row(writers).state, row(writers).attempts) == ("queued", 0)


def test_a_restart_takes_over_what_its_own_seat_left(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(2)
    claim(writers, "host_1/worker:0")
    claim(writers, "hostX1/worker:0")
    with writers.begin() as session:
        assert queue.expire(session, "host_1/worker:", NOW) == 1
    taken = claim(writers, "host_1/worker:0")
    assert (taken.target, taken.attempts) == ("p0", 2)
    assert claim(writers, "host_1/worker:0") is None


def test_a_poison_job_is_given_up(writers: Writers, fill: Callable[[int], int]) -> None:
    fill(1)
    late = NOW + timedelta(hours=9)
    for hour in range(TERMS.max_attempts):
        assert claim(writers, at=NOW + timedelta(hours=hour)) is not None
    assert claim(writers, at=late) is None
    with writers.begin() as session:
        assert not queue.any_lost(session, "analyse", TERMS, now=NOW + timedelta(hours=2, minutes=1))
        assert queue.any_lost(session, "analyse", TERMS, now=late)
        assert [job.error for job in queue.give_up(session, "analyse", TERMS, now=late)] == [queue.DIED]
        assert queue.give_up(session, "analyse", TERMS, now=late) == []


def test_every_job_is_claimed_once_by_racing_processes(
    both: Engine, fill: Callable[[int], int], tmp_path: Path
) -> None:
    fill(40)
    spawn = multiprocessing.get_context("spawn")
    out = spawn.Queue()
    url = both.url.render_as_string(hide_password=False)
    racers = [spawn.Process(target=drain, args=(url, tmp_path, f"w{n}", NOW, out)) for n in range(2)]
    for racer in racers:
        racer.start()
    claimed = Counter(out.get(timeout=60) for _ in range(40))
    for racer in racers:
        racer.join()
    assert len(claimed) == 40
    assert set(claimed.values()) == {1}
    assert [racer.exitcode for racer in racers] == [0, 0]


def test_a_killed_worker_returns_its_job(
    both: Engine, writers: Writers, fill: Callable[[int], int], tmp_path: Path
) -> None:
    fill(1)
    url = both.url.render_as_string(hide_password=False)
    doomed = multiprocessing.get_context("spawn").Process(target=take_and_die, args=(url, tmp_path, NOW))
    doomed.start()
    doomed.join()
    assert doomed.exitcode == -9
    assert claim(writers, "next", NOW + 4 * MINUTE) is None
    assert claim(writers, "next", NOW + 6 * MINUTE).attempts == 2
