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
_OTHERS_WRITE = 0o022


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
    if _usable(shipped, mode=0o755):
        return shipped
    for folder in _personal():
        if _usable(folder, mode=0o700):
            if shipped.is_dir() and not shipped.stat().st_mode & _OTHERS_WRITE:
                shutil.copytree(shipped, folder, dirs_exist_ok=True)
                folder.chmod(0o700)
            return folder
    return None


def _personal() -> Iterator[Path]:
    """Give this user's folders, one per installation; the last is for users without a home."""
    name = f"lumbar-node-kernels-{_digest()}-{hashlib.sha256(str(_HERE).encode()).hexdigest()[:8]}"
    if "XDG_CACHE_HOME" in os.environ:
        yield Path(os.environ["XDG_CACHE_HOME"]) / name
    elif "HOME" in os.environ:
        yield Path(os.environ["HOME"]) / ".cache" / name
    yield Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"


@cache
def _digest() -> str:
    """Digest the sources: numba notices a changed file, but not that a function called in it has changed."""
    texts = (source.read_bytes() for source in sorted(_HERE.glob("*.py")))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def _usable(folder: Path, mode: int) -> bool:
    """Tell whether files can be made in a folder that is ours alone to write: code is loaded from it."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & _OTHERS_WRITE
