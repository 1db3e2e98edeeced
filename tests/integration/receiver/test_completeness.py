"""Deadlines as senders move them; the database is the witness."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from waiting import wait_until

from node import engine as database
from node.completeness import due, judge, utc_now
from node.db import Event, Study
from node.receiver import Receiver
from node.settings import Completeness

Connect = Callable[..., Any]
Make = Callable[..., bytes]
Left = Callable[..., float]


def _completed(session: Session, now: datetime) -> list[Study]:
    return [s for s in due(session, Completeness(), now) if judge(session, s, Completeness(), now)]


@pytest.fixture
def left(receiver: Receiver, engine: Engine) -> Left:
    """Return how many seconds a study has left, once everything that was submitted is in the index."""

    def seconds(study: str = "1.2.3") -> float:
        assert receiver.flush(10)
        return (_deadline(engine, study) - utc_now()).total_seconds()

    return seconds


def _deadline(engine: Engine, study: str = "1.2.3") -> datetime:
    with database.readers(engine)() as session:
        deadline = session.scalar(select(Study.complete_after).where(Study.study_instance_uid == study))
    assert deadline is not None
    return deadline


def _released(peer: Any, receiver: Receiver) -> None:
    """Release, and wait until the receiver has noticed the end."""
    peer.release()
    wait_until(lambda: receiver.open_associations() == 0)


def test_an_instance_gives_the_quiet_time_and_release_shortens_it(
    receiver: Receiver, connect: Connect, data_set: Make, left: Left
) -> None:
    with connect() as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        assert 50 < left() <= 60
        _released(peer, receiver)
    assert left() <= 10


def test_an_abort_gives_the_sender_the_full_quiet_time(
    receiver: Receiver, connect: Connect, data_set: Make, left: Left
) -> None:
    with connect() as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        peer.abort()
    wait_until(lambda: receiver.open_associations() == 0)
    assert 50 < left() <= 60


def test_another_association_with_the_study_holds_it_back(
    receiver: Receiver, connect: Connect, data_set: Make, left: Left
) -> None:
    with connect() as first, connect() as second:
        first.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        second.store(data_set("1.2.3.4.2"), "1.2.3.4.2")
        first.release()
        wait_until(lambda: receiver.open_associations() == 1)
        assert left() > 50
        _released(second, receiver)
    assert left() <= 10


def test_an_association_that_has_moved_on_holds_back_its_last_study_only(
    receiver: Receiver, connect: Connect, data_set: Make, left: Left
) -> None:
    with connect() as first, connect() as second:
        second.store(data_set("1.2.3.4.2"), "1.2.3.4.2")
        second.store(data_set("7.7.1", StudyInstanceUID="7.7"), "7.7.1")
        first.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        first.release()
        wait_until(lambda: receiver.open_associations() == 1)
        assert left("1.2.3") <= 10
        assert left("7.7") > 50


def test_sending_the_same_again_keeps_a_receiving_study_open(
    receiver: Receiver, connect: Connect, data_set: Make, engine: Engine, left: Left
) -> None:
    """A sender that starts again after a failure sends from the beginning."""
    with connect() as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        _released(peer, receiver)
    assert left() <= 10
    with connect() as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        assert left() > 50


def test_a_pause_longer_than_the_quiet_time_within_an_association_is_waited_for(
    settings_of: Callable[..., Any], engine: Engine, associate: type[Any], data_set: Make
) -> None:
    with (
        Receiver(settings_of(quiet_s=0, release_s=0), engine) as receiver,
        associate(receiver.port) as peer,
    ):
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        assert receiver.flush(10)
        first = _deadline(engine)
        wait_until(lambda: _deadline(engine) > first)  # renewed by the open association
        peer.release()
        wait_until(lambda: receiver.open_associations() == 0)
        assert receiver.flush(10)
        with database.sessions(engine).begin() as session:
            (study,) = _completed(session, utc_now())
            assert study.state == "complete"


def test_a_deadline_survives_a_restart(
    settings_of: Callable[..., Any], engine: Engine, associate: type[Any], data_set: Make
) -> None:
    settings = settings_of()
    with Receiver(settings, engine) as receiver, associate(receiver.port) as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
    before = _deadline(engine)
    with Receiver(settings, engine), database.sessions(engine).begin() as session:
        assert _deadline(engine) == before
        assert _completed(session, before - timedelta(seconds=1)) == []
        (study,) = _completed(session, before)
        assert study.state == "complete"
        session.flush()
        assert [event.name for event in session.scalars(select(Event))] == ["opened", "quiet"]
