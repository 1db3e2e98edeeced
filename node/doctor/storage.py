"""Folders and the database."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from node import engine as databases
from node.doctor.check import Check
from node.migrations import HEAD
from node.settings import Settings


def data_folder(settings: Settings) -> Iterator[Check]:
    """Check that the data folder can be written and has room."""
    folder = settings.data_dir.absolute()
    there = _nearest(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        yield Check(
            "data_dir", "failed", f"{there} cannot be written", "change its owner, or name another data_dir"
        )
        return
    free, least = shutil.disk_usage(there).free, settings.receiver.min_free_bytes
    text = f"{folder}{'' if folder.exists() else ' (will be made)'}, {free / 2**30:.1f} GiB free"
    if free < least:
        advice = f"every object is refused below receiver.min_free_bytes = {least}: free some space"
        yield Check("data_dir", "failed", text, advice)
    else:
        yield Check("data_dir", "ok", text)


def database(settings: Settings) -> Iterator[Check]:
    """Check that the database answers and is at the newest revision."""
    url = make_url(settings.url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        yield Check("database", "ok", f"{url.database} (will be made)")
        return
    engine = databases.create(settings)
    try:
        yield _revision(engine)
    except SQLAlchemyError as error:
        text = f"{url.render_as_string()} does not answer: {str(error).splitlines()[0]}"
        yield Check("database", "failed", text, "is the server running, and database_url right?")
    finally:
        engine.dispose()


def clinical(settings: Settings) -> Iterator[Check]:
    """Check the folder of clinical variables, if there is to be one."""
    folder = settings.cases.clinical_dir
    if folder is None:
        yield Check("clinical data", "ok", "none configured: predictions that need them are not evaluable")
    elif not folder.is_dir():
        yield Check(
            "clinical data", "failed", f"{folder} is no folder", "make it, or correct cases.clinical_dir"
        )
    else:
        yield Check("clinical data", "ok", f"{folder}, {sum(1 for _ in folder.glob('*.json'))} patient(s)")


def _revision(engine: Engine) -> Check:
    with engine.connect() as connection:
        current = databases.revision(connection)
    where = engine.url.render_as_string()
    if current == HEAD:
        return Check("database", "ok", f"{where} at revision {current}")
    return Check(
        "database",
        "warning",
        f"{where} at revision {current}, newest {HEAD}",
        "starting the node migrates it",
    )


def _nearest(folder: Path) -> Path:
    """Return the folder, or its nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
