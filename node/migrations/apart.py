"""Migrate in a process of its own: what Alembic loads (12 MiB) does not stay with a node for months."""

import subprocess
import sys

from sqlalchemy import Engine

from node import engine as database
from node.errors import ConfigurationError, NodeError
from node.settings import Settings

MISTAKE = 2  #: the child's exit code for a ConfigurationError, which is then on stderr


def migrate_apart(settings: Settings) -> None:
    """Bring the database to the newest revision, in a child process if it is not there already.

    Raises
    ------
    ConfigurationError
        See `node.engine.migrate`.
    """
    engine = database.create(settings)
    try:
        if not database.is_migrated(engine):
            _run(engine)
    finally:
        engine.dispose()


def _run(engine: Engine) -> None:
    """Hand the URL over by stdin: a password has no place among the arguments of a process."""
    url = engine.url.render_as_string(hide_password=False)
    child = [sys.executable, "-m", "node.migrations"]
    done = subprocess.run(child, input=url, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == MISTAKE:
        raise ConfigurationError(done.stderr)
    if done.returncode:
        raise NodeError(
            f"the migration of the database has ended with code {done.returncode}:\n{done.stderr}"
        )
