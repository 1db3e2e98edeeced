"""What a value of a setting may be."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from node.device import device_name

#: the database drivers that the node is tested with
DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")


def _ae_title(value: str) -> str:
    """Check an AE title (PS3.5 6.2, VR AE): 1 to 16 printable ASCII characters, no backslash."""
    if not (1 <= len(value.strip()) <= 16) or not value.isascii() or not value.isprintable() or "\\" in value:
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
    return value.strip()


def _database_url(value: str) -> str:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - whoever only reads settings needs no database
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    allowed = "allowed: sqlite:////path/to/node.db or postgresql+psycopg://user:password@host/name"
    try:
        driver = make_url(value).drivername
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ValueError(f"not a database URL; {allowed}") from None
    if driver not in DRIVERS:
        raise ValueError(f"{driver} is not supported; {allowed}")
    return value


AETitle = Annotated[str, AfterValidator(_ae_title)]
DatabaseURL = Annotated[str, AfterValidator(_database_url)]
Device = Annotated[str, AfterValidator(device_name)]
Token = Annotated[SecretStr, Field(min_length=16)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A table of the settings file: frozen, and no key that is not known."""

    #: built only with what contains it: 20 validators of their own would cost the receiver 2 MiB
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
