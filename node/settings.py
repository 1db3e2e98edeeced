"""Settings: one frozen model from one TOML file plus LUMBAR_NODE_… variables, passed down, never global."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from node.device import device_name
from node.errors import ConfigurationError
from node.explain import PREFIX, SEPARATOR, explain, unknown_variables, unreadable_variables

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


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Peer(_Section):
    """A remote application entity that may open associations."""

    ae_title: AETitle
    host: str | None = None  #: address it must come from; None: any


class Receiver(_Section):
    """The Storage SCP."""

    ae_title: AETitle = "LUMBARNODE"
    host: str = "127.0.0.1"
    port: Port = 11112  #: 0: any free port, published in <data_dir>/run/receiver.json
    require_called_ae: bool = True
    peers: tuple[Peer, ...] = ()  #: empty: any calling AE
    max_associations: int = Field(default=64, ge=1)
    max_pdu: int = Field(default=131072, ge=4096)
    network_timeout_s: float = Field(default=60, gt=0)
    min_free_bytes: int = Field(default=1 << 30, ge=0)  #: less than this free: 0xA700


class Completeness(_Section):
    """When a study counts as complete."""

    quiet_s: float = Field(default=60, ge=0)  #: after the newest instance
    release_s: float = Field(default=10, ge=0)  #: after the last association that brought it has ended


class Cases(_Section):
    """How studies of one patient are paired."""

    pairing_days: int = Field(default=180, ge=0)
    clinical_dir: Path | None = None  #: <PatientID>.json with clinical variables


class Segmenter(BaseModel):
    """Who segments the series of one role; what else is given are the segmenter's own options."""

    model_config = ConfigDict(frozen=True, extra="allow")

    backend: str = Field(default="shipped", min_length=1)


def _segmenter(value: Any) -> Any:
    """Let a name alone stand for a segmenter without options."""
    if isinstance(value, str):
        return {"backend": value}
    if not isinstance(value, dict | Segmenter):
        raise ValueError('give the name of a segmenter, or { backend = "name", … } with its options')
    return value


SegmenterChoice = Annotated[Segmenter, BeforeValidator(_segmenter)]


class Segmentation(_Section):
    """Who segments each role (pipelines.types.Role)."""

    ct: SegmenterChoice = Segmenter()
    mr_sag_t1: SegmenterChoice = Segmenter()
    mr_sag_t2: SegmenterChoice = Segmenter()
    mr_sag: SegmenterChoice = Segmenter()
    mr_axial_t1: SegmenterChoice = Segmenter()
    mr_axial_t2: SegmenterChoice = Segmenter()
    mr_axial_dixon_water: SegmenterChoice = Segmenter()
    mr_axial_dixon_fat: SegmenterChoice = Segmenter()
    mr_axial: SegmenterChoice = Segmenter()

    @property
    def chosen(self) -> dict[str, dict[str, Any]]:
        """What is not the shipped network, by role: plain data, so that it travels between processes."""
        roles = {role: getattr(self, role) for role in type(self).model_fields}
        return {role: one.model_dump() for role, one in roles.items() if one != Segmenter()}


class Worker(_Section):
    """How analyses are run."""

    processes: int = Field(default=1, ge=1)
    device: Device = "auto"  #: auto | cpu | cuda[:n]
    backbone: Path | None = None  #: folder of the deep features' network; None: the shipped one
    timeout_s: float = Field(default=3600, gt=0)
    memory_gib: float = Field(default=12, gt=0)
    lease_s: float = Field(default=300, gt=0)
    max_attempts: int = Field(default=3, ge=1)
    retry_s: float = Field(default=30, ge=0)


class Results(_Section):
    """What is written back."""

    title_mode: Literal["readable", "strict"] = "readable"
    pdf: bool = False
    overlay: bool = False


class Destination(_Section):
    """Where results go."""

    name: str = Field(min_length=1, max_length=64)
    kind: Literal["c-store"] = "c-store"
    ae_title: AETitle
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    timeout_s: float = Field(default=30, gt=0)
    send: tuple[Literal["seg", "measurement_sr", "risk_sr", "pdf", "overlay"], ...] = (
        "seg",
        "measurement_sr",
        "risk_sr",
        "pdf",
        "overlay",
    )
    retry_s: float = Field(default=30, ge=0)  #: first pause after a failure; doubles up to an hour
    max_attempts: int = Field(default=50, ge=1)


class Web(_Section):
    """The status page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8042
    token: Token | None = None  #: who sends it may give clinical variables; None: nobody may


class Settings(BaseSettings):
    """All settings of a node.

    Environment variables override the file: LUMBAR_NODE_RECEIVER__PORT=11113.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter=SEPARATOR
    )

    data_dir: Path = Path("lumbar-node-data")
    database_url: DatabaseURL | None = None  #: default: SQLite in data_dir
    models_dir: Path | None = None  #: the site's own models; default: models in data_dir
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    receiver: Receiver = Receiver()
    completeness: Completeness = Completeness()
    cases: Cases = Cases()
    segmentation: Segmentation = Segmentation()
    worker: Worker = Worker()
    results: Results = Results()
    destinations: tuple[Destination, ...] = ()
    web: Web = Web()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file, which comes in as init settings."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _distinct_destinations(self) -> "Settings":
        names = [d.name for d in self.destinations]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"destinations: the name {twice[0]!r} is used more than once")
        return self

    @property
    def models_folder(self) -> Path:
        """Where the site's own models lie: <name>/<version>/."""
        return (self.models_dir or self.data_dir / "models").resolve()

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'node.db'}"


def load(path: Path | None) -> Settings:
    """Read settings from a TOML file and the environment.

    Parameters
    ----------
    path : Path or None
        The TOML file; None: defaults and environment only.

    Raises
    ------
    ConfigurationError
        Naming the file or the environment variable, the key, its value and what is allowed.
    """
    return parse(_read_toml(path) if path else {}, str(path or "environment"))


def parse(values: dict[str, Any], source: str) -> Settings:
    """Validate settings given as a mapping; see `load`."""
    try:
        settings = Settings(**values)
        lines = unknown_variables(Settings, os.environ)
    except ValidationError as error:
        lines = explain(error, Settings, os.environ) + unknown_variables(Settings, os.environ)
    except SettingsError:
        lines = unreadable_variables(Settings, os.environ)
    if lines:
        raise ConfigurationError(_joined(source, lines))
    return settings


def _joined(source: str, lines: list[str]) -> str:
    """Name the source of what does not come from an environment variable."""
    variables = [line for line in lines if line.upper().startswith(PREFIX)]
    others = [line for line in lines if line not in variables]
    return "; ".join([*variables, *([f"{source}: " + "; ".join(others)] if others else [])])


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from None
