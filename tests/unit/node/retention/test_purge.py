"""How a study goes, in every window in which something else may happen."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from node.db import Delivery, Event, Instance, Series, Study
from node.retention.purge import Purger
from node.settings import Settings
from node.store import PURGED, Store

Writers = sessionmaker[Session]


def _files(settings: Settings) -> int:
    return len(list((settings.data_dir / "objects").rglob("*.dcm")))


def _study(writers: Writers) -> Study:
    with writers() as session:
        return session.scalars(select(Study)).one()


def _rows(writers: Writers, table: Any) -> int:
    with writers() as session:
        return len(session.scalars(select(table)).all())


def test_files_and_rows_go_and_the_record_stays(
    settings: Settings, engine: Engine, writers: Writers, keep: Any
) -> None:
    freed = Purger(settings, engine).purge(keep())
    assert freed is not None
    assert (freed.objects, freed.size > 0) == (2, True)
    assert (_files(settings), _rows(writers, Instance), _rows(writers, Series)) == (0, 0, 0)
    assert list((settings.data_dir / PURGED).iterdir()) == []
    assert _study(writers).state == "purged"
    with writers() as session:
        (event,) = session.scalars(select(Event))
    assert (event.name, event.detail["objects"], event.detail["bytes"]) == ("purged", 2, freed.size)


@pytest.mark.parametrize("state", ["receiving", "complete", "analysing", "delivering", "held"])
def test_a_study_that_is_under_way_stays(settings: Settings, engine: Engine, keep: Any, state: str) -> None:
    assert Purger(settings, engine).purge(keep(state=state)) is None
    assert _files(settings) == 2


@pytest.mark.parametrize("state", ["pending", "sent", "refused"])
def test_what_is_not_delivered_stays(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, made: Any, state: str
) -> None:
    number = keep(state="failed")
    made(number, state)
    assert Purger(settings, engine).purge(number) is None
    assert _files(settings) == 2
    with writers.begin() as session:
        session.scalars(select(Delivery)).one().state = "delivered"
    assert Purger(settings, engine).purge(number) is not None


def test_what_others_went_in_the_stead_of_may_go(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, made: Any
) -> None:
    number = keep(state="done")
    made(number, "refused")
    with writers.begin() as session:
        session.scalars(select(Delivery)).one().confirmed_by = "fallback"
    assert Purger(settings, engine).purge(number) is not None


class _Interrupted(Exception):
    pass


def test_a_crash_before_the_transaction_is_undone(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = keep()

    def crash(*_arguments: object) -> None:
        raise _Interrupted

    with monkeypatch.context() as patch, pytest.raises(_Interrupted):
        patch.setattr(Purger, "_forget", crash)
        Purger(settings, engine).purge(number)
    assert _files(settings) == 0
    assert Purger(settings, engine).recover() == 1
    assert (_files(settings), _rows(writers, Instance), _study(writers).state) == (2, 2, "done")


def test_a_crash_after_the_transaction_is_finished(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = keep()

    def crash(_folder: Path) -> None:
        raise _Interrupted

    with monkeypatch.context() as patch, pytest.raises(_Interrupted):
        patch.setattr("node.retention.purge._delete", crash)
        Purger(settings, engine).purge(number)
    assert _study(writers).state == "purged"
    assert Purger(settings, engine).recover() == 1
    assert list((settings.data_dir / PURGED).iterdir()) == []
    assert _files(settings) == 0


def test_an_instance_that_comes_again_meanwhile_survives_and_opens_the_study(
    settings: Settings,
    engine: Engine,
    writers: Writers,
    keep: Any,
    put: Any,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, forget = keep(), Purger._forget

    def late(self: Purger, session: Session, study_id: int) -> Any:
        put("1.2.3.1.0")
        return forget(self, session, study_id)

    monkeypatch.setattr(Purger, "_forget", late)
    freed = Purger(settings, engine).purge(number)
    assert freed is not None
    assert freed.objects == 1
    study = _study(writers)
    assert (study.state, study.revision, study.complete_after is not None) == ("receiving", 2, True)
    with writers() as session:
        (row,) = session.scalars(select(Instance))
    assert store.path(row.path).read_bytes().endswith(b"1.2.3.1.0" * 8)


def test_a_study_that_was_opened_meanwhile_gets_its_files_back(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, aside = keep(), Store.set_aside

    def opened(self: Store, path: str, folder: Path) -> bool:
        with writers.begin() as session:
            session.get_one(Study, number).state = "receiving"
        return aside(self, path, folder)

    monkeypatch.setattr(Store, "set_aside", opened)
    assert Purger(settings, engine).purge(number) is None
    assert (_files(settings), _rows(writers, Instance)) == (2, 2)
