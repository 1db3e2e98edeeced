"""From one TOML file plus LUMBAR_NODE_… variables to settings."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from node.errors import ConfigurationError
from node.explain import PREFIX, explain, unknown_variables, unreadable_variables
from node.settings.model import Settings


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
