"""A running receiver, and peers to talk to it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dicom_peer import Peer, make_data_set
from sqlalchemy import Engine

from node import engine as database
from node.receiver import Receiver
from node.settings import Settings


@pytest.fixture
def data_set() -> Callable[..., bytes]:
    """Return the maker of encoded data sets."""
    return make_data_set


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated database to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    engine = database.create(Settings(data_dir=folder))
    database.migrate(engine)
    engine.dispose()
    return folder / "node.db"


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """Return the maker of settings with other receiver keys."""

    def make(quiet_s: float = 60, release_s: float = 10, **receiver: Any) -> Settings:
        values = {"port": 0, "min_free_bytes": 0, **receiver}
        completeness = {"quiet_s": quiet_s, "release_s": release_s}
        return Settings.model_validate(
            {"data_dir": tmp_path / "data", "receiver": values, "completeness": completeness}
        )

    return make


@pytest.fixture
def settings(settings_of: Callable[..., Settings]) -> Settings:
    """Return settings that tests may rely on: 60 s quiet, 10 s after release."""
    return settings_of()


@pytest.fixture
def engine(settings: Settings, migrated: Path) -> Iterator[Engine]:
    """Return a migrated, empty database."""
    settings.data_dir.mkdir(exist_ok=True)
    (settings.data_dir / "node.db").write_bytes(migrated.read_bytes())
    engine = database.create(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def receiver(settings: Settings, engine: Engine) -> Iterator[Receiver]:
    """Return a running receiver."""
    with Receiver(settings, engine) as receiver:
        yield receiver


@pytest.fixture
def connect(receiver: Receiver) -> Callable[..., Peer]:
    """Return the maker of associations with the running receiver."""
    return partial(Peer, receiver.port)


@pytest.fixture
def associate() -> type[Peer]:
    """Return the maker of associations with any port."""
    return Peer
