"""Loops sleep until work is due, wake when the bell rings, outlive the database, and die of bugs aloud."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from node.loop import LONGEST_SLEEP, Bell, Loop, persist, seconds_until


def out_of_reach() -> OperationalError:
    return OperationalError("select 1", {}, ConnectionError("gone"))


def test_a_ring_cuts_the_sleep_short() -> None:
    bell, turns = Bell(), threading.Semaphore(0)

    def step() -> float:
        turns.release()
        return 60.0

    loop = Loop("test", step, bell)
    loop.start()
    for _ in range(3):
        assert turns.acquire(timeout=LONGEST_SLEEP / 2)
        bell.ring()
    loop.ask_to_stop()
    loop.await_end(5)
    assert not loop.is_alive()


def test_a_ring_between_the_step_and_the_sleep_is_heard() -> None:
    bell = Bell()
    seen = bell.count
    bell.ring()
    bell.wait(seen, 60)


def test_a_database_out_of_reach_is_no_bug() -> None:
    bell, deaths, again = Bell(), [], threading.Event()
    errors: Iterator[OperationalError] = iter([out_of_reach()])

    def step() -> float:
        for error in errors:
            bell.ring()
            raise error
        again.set()
        return 60.0

    loop = Loop("test", step, bell, lambda: deaths.append(1))
    loop.start()
    assert again.wait(5)
    loop.ask_to_stop()
    loop.await_end(5)
    assert deaths == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_loop_and_is_told() -> None:
    died = threading.Event()
    loop = Loop("test", lambda: 1 / 0, Bell(), died.set)
    loop.start()
    assert died.wait(5)
    loop.await_end(5)
    assert not loop.is_alive()


def test_a_loop_that_never_started_has_ended() -> None:
    Loop("test", lambda: 0.0, Bell()).await_end()


def test_what_happened_is_written_when_the_database_is_back() -> None:
    writers = sessionmaker(create_engine("sqlite://"))
    attempts: list[int] = []

    def write(_session: object) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise out_of_reach()
        return "written"

    assert persist(writers, write, lambda: False) == "written"
    attempts.clear()
    with pytest.raises(OperationalError):
        persist(writers, write, lambda: True)


def test_seconds_until_the_earliest_moment() -> None:
    now = datetime.now(UTC)
    assert seconds_until(None) == LONGEST_SLEEP
    assert seconds_until(now - timedelta(days=1)) == 0.0
    assert 50 < seconds_until(now + timedelta(hours=1), None, now + timedelta(minutes=1)) <= 60
