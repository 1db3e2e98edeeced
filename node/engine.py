"""The database: engine, migrations and sessions.

SQLite is opened in WAL mode, so that readers never wait for the one writer, and with `synchronous=FULL`:
a commit survives a power cut. Instance rows could be rebuilt from files, but events, refusals and what a
destination has confirmed exist nowhere else; the receiver commits in batches, so the extra fsync is rare.
Writing transactions begin with BEGIN IMMEDIATE: a transaction that reads first and writes later would
otherwise fail at once (SQLITE_BUSY_SNAPSHOT) instead of waiting for its turn.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from node.errors import ConfigurationError
from node.folders import make_folder
from node.migrations import HEAD
from node.settings import Settings

BUSY_TIMEOUT_MS = 30_000
#: key of PostgreSQL's advisory lock around migrations: "lumbar" in ASCII
MIGRATION_LOCK = int.from_bytes(b"lumbar", "big")


def create(settings: Settings) -> Engine:
    """Make the engine of the configured database; nothing is connected yet.

    Parameters
    ----------
    settings : Settings
        `url` says which database; the folder of a SQLite file is made if it is missing.

    Returns
    -------
    Engine
        Safe to share between threads, not between processes.

    Raises
    ------
    ConfigurationError
        The folder cannot be made, or the driver is not installed.
    """
    url = make_url(settings.url)
    if url.get_backend_name() != "sqlite":
        return _create_postgresql(url)
    if url.database:
        make_folder(Path(url.database).parent, "database_url" if settings.database_url else "data_dir")
    engine = create_engine(url)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision; processes that start together take turns.

    Raises
    ------
    ConfigurationError
        The database does not answer, is damaged, or is newer than this program.
    """
    with explained(engine.url), _migrating_alone(engine), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if revision(connection) != HEAD:
            from node.migrations.run import upgrade  # noqa: PLC0415 - 12 MiB that a migrated node does not need

            upgrade(connection)


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is at; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions that may write: `with sessions(engine).begin() as session`.

    Objects stay readable after the commit. On SQLite the transaction holds the write lock from its
    first statement on: keep it short.
    """
    return sessionmaker(engine, expire_on_commit=False)


def readers(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions that only read; on SQLite they neither wait nor make others wait."""
    return sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)


def is_migrated(engine: Engine) -> bool:
    """Tell whether the database is at the newest revision. ConfigurationError as above."""
    with explained(engine.url), _migrating_alone(engine), engine.connect() as connection:
        return revision(connection) == HEAD


def _create_postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        advice = "install lumbar-node[postgres]"
        raise ConfigurationError(f"database_url: {_shown(url)} needs {error.name}: {advice}") from None


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn what goes wrong with the database before there is work into a line about its key."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        why = next(iter(str(cause).splitlines()), type(cause).__name__)
        advice = "check database_url (default: node.db in data_dir); allowed: sqlite, postgresql+psycopg"
        raise ConfigurationError(f"database_url: {_shown(url)} cannot be used: {why}; {advice}") from None


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = (
        None  # the driver must not begin transactions of its own: `_begin_sqlite` does
    )
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def _migrating_alone(engine: Engine) -> Iterator[None]:
    """Hold a lock file beside a SQLite database: the switch to WAL does not wait for another process."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    with Path(f"{engine.url.database}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
