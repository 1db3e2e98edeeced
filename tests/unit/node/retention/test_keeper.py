"""Which studies go: by age, by room, and results after them."""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from node.db import Delivery, Result, Study
from node.retention.keeper import GIB, Keeper
from node.settings import Settings

Writers = sessionmaker[Session]


def _states(writers: Writers) -> dict[str, str]:
    with writers() as session:
        return {study.study_instance_uid: study.state for study in session.scalars(select(Study))}


def _keeper(settings: Settings, engine: Engine, **retention: object) -> Keeper:
    changed = settings.retention.model_copy(update=retention)
    return Keeper(settings.model_copy(update={"retention": changed}), engine, lambda: None)


def test_the_old_go_and_the_young_stay(
    settings: Settings, engine: Engine, writers: Writers, keep: Any
) -> None:
    keep("1.1", days_old=11)
    keep("1.2", days_old=9)
    assert _keeper(settings, engine).step() == settings.retention.interval_s
    assert _states(writers) == {"1.1": "purged", "1.2": "done"}


def test_by_default_nothing_goes(settings: Settings, engine: Engine, writers: Writers, keep: Any) -> None:
    keep("1.1", days_old=10_000)
    _keeper(settings, engine, days=None).step()
    assert _states(writers) == {"1.1": "done"}


def test_where_room_is_short_the_oldest_go_until_there_is_enough(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, days in enumerate((1, 3, 2)):
        keep(f"1.{number}", days_old=days)
    free = iter([4 * GIB, 4 * GIB, 4.5 * GIB, 6 * GIB, 6 * GIB])
    monkeypatch.setattr(Keeper, "_free", lambda _: next(free))
    _keeper(settings, engine, days=None, min_free_gib=5).step()
    assert _states(writers) == {"1.0": "done", "1.1": "purged", "1.2": "purged"}


def test_with_results_pending_a_full_disk_removes_nothing(
    settings: Settings,
    engine: Engine,
    writers: Writers,
    keep: Any,
    made: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = keep("1.1", state="failed")
    made(number, "pending")
    monkeypatch.setattr(Keeper, "_free", lambda _: 0)
    _keeper(settings, engine, min_free_gib=5).step()
    assert _states(writers) == {"1.1": "failed"}


def test_results_of_what_is_gone_go_later_and_their_rows_stay(
    settings: Settings, engine: Engine, writers: Writers, keep: Any, made: Any
) -> None:
    number = keep()
    file = settings.data_dir / "result.dcm"
    file.write_bytes(b"x")
    with writers.begin() as session:
        result = Result(
            study_id=number,
            revision=1,
            kind="seg",
            sop_class_uid="1",
            sop_instance_uid="9",
            path="result.dcm",
        )
        session.add(result)
        session.flush()
        session.add(Delivery(result_id=result.id, destination="pacs", state="delivered"))
    _keeper(settings, engine, results_days=1).step()
    assert (file.exists(), _states(writers)) == (True, {"1.2.3": "purged"})
    _keeper(settings, engine, results_days=0).step()
    assert not file.exists()
    with writers() as session:
        assert session.scalars(select(Result)).one().sop_instance_uid == "9"
