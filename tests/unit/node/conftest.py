"""A database of either kind, and the rows that most tests of the node begin with."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from postgres_server import NoServerError, postgres_server
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from node import engine as database
from node.db import Base, Study
from node.settings import Settings


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a database on a real PostgreSQL server."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except NoServerError as error:
            pytest.skip(str(error))
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Engine of an empty database: SQLite, then PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    engine = database.create(Settings(data_dir=tmp_path, database_url=url))
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Engine of the empty, migrated database that the `settings` of a folder's tests name."""
    engine = database.create(settings)
    database.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def writers(both: Engine) -> sessionmaker[Session]:
    """Sessions on `both`."""
    return database.sessions(both)


@pytest.fixture
def study_row() -> Callable[..., Study]:
    """Make the row of a study: `study_row(session, "1.2.3", state="complete")`."""

    def make(session: Session, uid: str = "1.2.3", **values: object) -> Study:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        given = {"patient_key": "p", "study_date": date(2026, 3, 1), "received_at": now, **values}
        study = Study(study_instance_uid=uid, last_instance_at=now, **given)
        session.add(study)
        session.flush()
        return study

    return make
