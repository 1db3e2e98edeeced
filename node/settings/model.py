"""All settings in one frozen model, passed down, never global."""

from pathlib import Path
from typing import Literal

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from node.explain import PREFIX, SEPARATOR
from node.settings.analysis import Cases, Results, Segmentation, Worker
from node.settings.completeness import Completeness
from node.settings.delivering import AnyDestination
from node.settings.keeping import Audit, Retention
from node.settings.receiving import Receiver
from node.settings.retrieving import Retrieval
from node.settings.values import DatabaseURL
from node.settings.web import Web


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
    retrieval: Retrieval = Retrieval()
    segmentation: Segmentation = Segmentation()
    worker: Worker = Worker()
    results: Results = Results()
    retention: Retention = Retention()
    audit: Audit = Audit()
    destinations: tuple[AnyDestination, ...] = ()
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
    def _distinct_names(self) -> "Settings":
        _distinct("destinations", [d.name for d in self.destinations])
        _distinct("retrieval.sources", [source.name for source in self.retrieval.sources])
        return self

    @property
    def models_folder(self) -> Path:
        """Where the site's own models lie: <name>/<version>/."""
        return (self.models_dir or self.data_dir / "models").resolve()

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'node.db'}"


def _distinct(key: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{key}: the name {twice[0]!r} is used more than once")
