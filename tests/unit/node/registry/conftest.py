"""A site with a settings file, and predictors that its training wrote."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from phantoms.packages import write_package
from typer.testing import CliRunner

from node.cli.main import app
from node.settings import Settings, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(f'data_dir = "{tmp_path / "data"}"\n', encoding="utf-8")
    return path


@pytest.fixture
def settings(config: Path) -> Settings:
    return load(config)


@pytest.fixture
def models(config: Path) -> Callable[..., Result]:
    """Run `lumbar-node models …` on the site."""
    return lambda *words: CliRunner().invoke(app, ["models", *map(str, words), "-c", str(config)])


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., Path]:
    """Write what training writes: `trained("1.0", demonstration=True)`."""

    def write(version: str = "1.0", **changes: object) -> Path:
        return write_package(tmp_path / "trained" / version, version, **changes)

    return write
