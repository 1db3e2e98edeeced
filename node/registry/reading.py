"""Looking at the database from a command that only asks: it is left as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from node import engine as database
from node.db import Model
from node.settings import Settings

Read = TypeVar("Read")


def reading(settings: Settings, read: Callable[[Session], Read], otherwise: Read) -> Read:
    """Read from the database; nothing is made or migrated: `otherwise` where it has no models' tables yet.

    Raises
    ------
    ConfigurationError
        The database does not answer or is damaged.
    """
    url = make_url(settings.url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return otherwise
    engine = database.create(settings)
    try:
        with database.explained(url), database.readers(engine)() as session:
            has = inspect(session.connection()).has_table(Model.__tablename__)
            return read(session) if has else otherwise
    finally:
        engine.dispose()
