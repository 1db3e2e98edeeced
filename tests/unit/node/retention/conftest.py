"""Studies whose instances lie in a store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from node import engine as database
from node.db import Delivery, Instance, Result, Series, Study
from node.fileformat import FileMeta
from node.settings import Settings, parse
from node.store import Store

NOW = datetime.now(UTC)
Keep = Callable[..., int]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse({"data_dir": tmp_path, "retention": {"days": 10}}, "test")


@pytest.fixture
def store(settings: Settings) -> Store:
    store = Store(settings.data_dir)
    store.prepare()
    return store


@pytest.fixture
def writers(engine: Engine) -> sessionmaker[Session]:
    return database.sessions(engine)


@pytest.fixture
def keep(writers: sessionmaker[Session], store: Store) -> Keep:
    """Store a study of two instances; return its number."""

    def make(uid: str = "1.2.3", state: str = "done", days_old: float = 11) -> int:
        with writers.begin() as session:
            at = NOW - timedelta(days=days_old)
            study = Study(study_instance_uid=uid, state=state, received_at=at, last_instance_at=at)
            series = Series(series_instance_uid=f"{uid}.1", modality="CT")
            study.series.append(series)
            for number in range(2):
                series.instances.append(_instance(store, f"{uid}.1.{number}"))
            session.add(study)
            session.flush()
            return study.id

    return make


@pytest.fixture
def made(writers: sessionmaker[Session]) -> Callable[[int, str, str], None]:
    """Give a study a result, and a delivery of it in some state."""

    def make(study_id: int, state: str, path: str = "x") -> None:
        uids = {"sop_class_uid": "1", "sop_instance_uid": "9"}
        with writers.begin() as session:
            result = Result(study_id=study_id, revision=1, kind="seg", path=path, **uids)
            session.add(result)
            session.flush()
            session.add(Delivery(result_id=result.id, destination="pacs", state=state))

    return make


@pytest.fixture
def put(store: Store) -> Callable[[str], str]:
    """Store an instance as the receiver does; return its path."""
    return lambda uid: _put(store, uid)


def _put(store: Store, uid: str) -> str:
    meta = FileMeta("1.2", uid, "1.2.840.10008.1.2.1", "A", "B")
    return store.put(meta, memoryview(uid.encode() * 8))[1].path


def _instance(store: Store, uid: str) -> Instance:
    path = _put(store, uid)
    values = {"sop_class_uid": "1.2", "transfer_syntax_uid": "1", "sha256": "", "calling_ae": "A"}
    return Instance(sop_instance_uid=uid, path=path, size=store.path(path).stat().st_size, **values)
