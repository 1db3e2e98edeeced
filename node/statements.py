"""The statements whose spelling SQLAlchemy leaves to the dialect, or whose count it hides."""

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from node.db import Base

_INSERT: dict[str, Callable[[type[Base]], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(session: Session, table: type[Base]) -> Any:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _INSERT[session.get_bind().dialect.name](table)


def execute(session: Session, statement: Any) -> int:
    """Run a statement without touching the objects of the session; return how many rows it hit.

    Count on UPDATE only: what drivers say after an INSERT differs.
    """
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount
