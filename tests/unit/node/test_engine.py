import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from workers.racers import migrate

from node import engine as database
from node.db import Base, Study
from node.migrations import HEAD
from node.migrations.run import config
from node.settings import Settings


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = database.create(Settings(data_dir=tmp_path))
    database.migrate(engine)
    return engine


def test_migrations_lead_to_the_models(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_head_names_the_newest_revision(engine: Engine) -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD
    with engine.connect() as connection:
        assert database.revision(connection) == HEAD


def test_migrations_make_the_same_constraints_as_the_models(engine: Engine, tmp_path: Path) -> None:
    fresh = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    Base.metadata.create_all(fresh)
    ours, theirs = inspect(engine), inspect(fresh)
    for table in Base.metadata.tables:
        assert ours.get_check_constraints(table) == theirs.get_check_constraints(table)
        assert ours.get_foreign_keys(table) == theirs.get_foreign_keys(table)
        assert _named(ours.get_indexes(table)) == _named(theirs.get_indexes(table))


def _named(rows: list[dict[str, object]]) -> list[tuple[object, object]]:
    return sorted((row["name"], tuple(row["column_names"])) for row in rows)


def test_sqlite_is_durable_and_does_not_make_readers_wait(engine: Engine) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with engine.connect() as connection:
        for pragma, value in wanted.items():
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_reader_sees_the_state_before_an_open_write(engine: Engine) -> None:
    with database.sessions(engine).begin() as writer:
        writer.add(Study(study_instance_uid="1.2.3"))
        writer.flush()
        with database.readers(engine)() as reader:
            assert reader.query(Study).count() == 0
    with database.readers(engine)() as reader:
        assert reader.query(Study).count() == 1


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(migrate, [tmp_path] * 6)
    assert set(inspect(create_engine(f"sqlite:///{tmp_path / 'node.db'}")).get_table_names()) > {
        "study",
        "job",
    }


@pytest.mark.postgres
def test_migrations_lead_to_the_models_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    engine = database.create(Settings(data_dir=tmp_path, database_url=postgres_url))
    Base.metadata.drop_all(engine)
    try:
        database.migrate(engine)
        database.migrate(engine)
        with engine.connect() as connection:
            assert database.revision(connection) == HEAD
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        engine.dispose()
