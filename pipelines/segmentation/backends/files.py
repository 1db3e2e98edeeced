"""Files of a model that a site brought: their digest, and loading each model once until its files change."""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from safetensors import SafetensorError

from models.manifest import sha256
from pipelines.errors import ModelError
from pipelines.types import ModelIdentity

#: what the readers of weights raise at a damaged file, or at one that holds more than tensors
DAMAGED = (RuntimeError, UnpicklingError, EOFError, ValueError, KeyError, OSError, SafetensorError)

Stamp = tuple[tuple[Path, int, int], ...]
"""Path, size in bytes and time of the last change in ns of every file."""


def stamp_of(paths: Iterable[Path]) -> Stamp:
    """Say what the files are now; what is loaded under a stamp stays right as long as the stamp does.

    Raises
    ------
    ModelError
        MODEL_FILES, naming the file that cannot be looked at.
    """
    try:
        found = [(path, path.stat()) for path in sorted(set(paths))]
    except OSError as error:
        raise ModelError("MODEL_FILES", f"{error.filename}: {error.strerror}") from None
    return tuple((path, state.st_size, state.st_mtime_ns) for path, state in found)


@lru_cache(maxsize=16)
def digest_of(stamp: Stamp) -> str:
    """Return one sha256 over the files' names and bytes, hexadecimal."""
    text = "\n".join(f"{path.name} {sha256(path)}" for path, _, _ in stamp)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of(name: str, version: str, stamp: Stamp) -> ModelIdentity:
    """Say who segments; name and version become LO (PS3.5 6.2): one line of 64 characters, no backslash."""
    return ModelIdentity(_lo(name), _lo(version), digest_of(stamp))


def load_checkpoint(path: Path, load: Callable[[Path], Any]) -> Any:
    """Load a file of weights; nothing that it may contain is executed.

    Parameters
    ----------
    path : Path
    load : callable
        `torch.load` with weights_only, `safetensors.torch.load_file` …

    Raises
    ------
    ModelError
        MODEL_DAMAGED, with the path.
    """
    try:
        return load(path)
    except DAMAGED as error:
        raise ModelError(
            "MODEL_DAMAGED",
            f"{path}: cannot be read as weights ({_first_line(error)}); copy the file again",
        ) from None


def _lo(text: str) -> str:
    return " ".join(text.replace("\\", "/").split())[:64] or "unnamed"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
