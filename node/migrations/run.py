"""Alembic, told what it needs without an ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from node.errors import ConfigurationError


def config() -> Config:
    """Return the configuration that finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade(connection: Connection) -> None:
    """Bring the database behind an open connection to the newest revision, in the caller's transaction.

    Raises
    ------
    ConfigurationError
        The database is at a revision that this program does not know.
    """
    settings = config()
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except CommandError as error:
        where = connection.engine.url.render_as_string(hide_password=True)
        advice = "it was made by a newer lumbar-node: install that"
        raise ConfigurationError(f"database_url: {where} cannot be migrated: {error}; {advice}") from None
