"""Compiled loops: numba, without the interpreter's lock, kept on disk between processes.

Compiling all kernels takes most of a minute, loading them from disk a fraction of a second. They are kept
beside the sources where these may be written (`make venv` and the container's build fill that folder), else
in the user's cache folder, which then starts as a copy of it; where nothing can be written they are compiled
in every process. An operator's NUMBA_CACHE_DIR goes before all of this.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

_HERE = Path(__file__).parent


def kernel(function: F) -> F:
    """Compile a function on first use; callers may run it in several threads at a time."""
    if numba.config.CACHE_DIR:
        return _compiled(function, cache=True)
    folder = cache_folder()
    if folder is None:
        return _compiled(function, cache=False)
    numba.config.CACHE_DIR = str(folder)
    try:
        return _compiled(function, cache=True)
    finally:
        numba.config.CACHE_DIR = ""  # for our kernels alone


def _compiled(function: F, **options: bool) -> F:
    made: F = numba.njit(nogil=True, **options)(function)
    return made


@cache
def cache_folder() -> Path | None:
    """Give the folder that holds compiled kernels and may be written, or None."""
    shipped = _HERE / "__pycache__" / "kernels" / _digest()
    for folder in (shipped, *_personal()):
        if _writable(folder):
            if folder != shipped and shipped.is_dir():
                shutil.copytree(shipped, folder, dirs_exist_ok=True)
            return folder
    return None


def _personal() -> Iterator[Path]:
    """Give this user's folders, one per installation; the last is for users without a home."""
    name = f"lumbar-node-kernels-{_digest()}-{hashlib.sha256(str(_HERE).encode()).hexdigest()[:8]}"
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    yield Path(home) / name
    yield Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"


@cache
def _digest() -> str:
    """Digest the sources: numba notices a changed file, but not that a function called in it has changed."""
    texts = (source.read_bytes() for source in sorted(_HERE.glob("*.py")))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def _writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder that is ours: code is loaded from it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.stat().st_uid == os.getuid()
    except OSError:
        return False
