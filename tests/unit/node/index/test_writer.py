import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DataError, OperationalError
from waiting import wait_until

from node import engine as database
from node.db import Instance, Study
from node.errors import StoreError
from node.index import Indexer, Stored, writer
from node.settings import Completeness

Make = Callable[..., Stored]


@pytest.fixture
def changes() -> list[int]:
    """Grows with each announced change."""
    return []


@pytest.fixture
def indexer(both: Engine, changes: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexer]:
    monkeypatch.setattr(writer, "RETRY_S", 0.01)
    indexer = Indexer(both, Completeness(quiet_s=0), lambda: changes.append(1))
    indexer.start()
    yield indexer
    indexer.stop()


def _instances(engine: Engine) -> list[str]:
    with database.readers(engine)() as session:
        return list(session.scalars(select(Instance.sop_instance_uid).order_by(Instance.sop_instance_uid)))


def test_many_messages_are_few_transactions(
    indexer: Indexer, both: Engine, stored: Make, changes: list[int]
) -> None:
    for number in range(100):
        indexer.submit(stored(f"1.{number}"))
    assert indexer.flush(10)
    assert len(_instances(both)) == 100
    assert 1 <= len(changes) < 10


def test_stopping_writes_what_was_submitted(both: Engine, stored: Make) -> None:
    indexer = Indexer(both, Completeness(), lambda: None)
    indexer.start()
    indexer.submit(stored("1.1"))
    indexer.stop()
    assert _instances(both) == ["1.1"]
    with pytest.raises(StoreError, match="no longer written"):
        indexer.submit(stored("1.2"))


def _fail_at_commit(engine: Engine, errors: list[Exception]) -> None:
    """Have the next commits fail with the given errors."""

    def before_commit(_connection: object) -> None:
        if errors:
            raise errors.pop(0)

    event.listen(engine, "commit", before_commit)


def test_a_database_that_is_away_for_a_while_loses_nothing(
    indexer: Indexer, both: Engine, stored: Make
) -> None:
    errors: list[Exception] = [OperationalError("COMMIT", {}, Exception("disk I/O error")) for _ in range(3)]
    _fail_at_commit(both, errors)
    indexer.submit(stored("1.1"))
    assert indexer.flush(10)
    assert errors == []
    assert _instances(both) == ["1.1"]


def test_one_refused_row_does_not_take_the_others_with_it(
    indexer: Indexer, both: Engine, stored: Make
) -> None:
    def refuse(_mapper: object, _connection: object, instance: Instance) -> None:
        if instance.sop_instance_uid == "1.2":
            raise DataError("INSERT", {}, Exception("value too long"))

    event.listen(Instance, "before_insert", refuse)
    try:
        for number in range(4):
            indexer.submit(stored(f"1.{number}"))
        assert indexer.flush(10)
    finally:
        event.remove(Instance, "before_insert", refuse)
    assert _instances(both) == ["1.0", "1.1", "1.3"]


def test_an_open_association_renews_the_deadline(indexer: Indexer, both: Engine, stored: Make) -> None:
    def deadline() -> Any:
        with database.readers(both)() as session:
            return session.scalar(select(Study.complete_after))

    indexer.submit(stored("1.1"))
    assert indexer.flush(10)
    first = deadline()
    wait_until(lambda: deadline() > first)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_thread_is_not_silent(both: Engine, stored: Make) -> None:
    broken = threading.Event()

    def on_change() -> None:
        broken.set()
        raise RuntimeError("a bug")

    indexer = Indexer(both, Completeness(), on_change)
    indexer.start()
    indexer.submit(stored("1.1"))
    assert broken.wait(10)
    indexer.stop()
    with pytest.raises(StoreError):
        indexer.submit(stored("1.2"))
