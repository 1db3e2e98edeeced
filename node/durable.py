"""Writing a file so that it is either there in full, also after a power cut, or not there at all."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from node.errors import OutOfSpace, StoreError

Buffer = bytes | bytearray | memoryview
PART = ".part"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def write(part: Path, final: Path, chunks: Sequence[Buffer]) -> None:
    """Write `chunks` to `part`, put them on the disk, and give the file its name.

    The order is what makes it durable: data (fdatasync), then the name (rename), then the folder that
    holds the name (fsync). Whatever goes wrong before the rename leaves nothing behind.

    Parameters
    ----------
    part : Path
        A name on the same file system, not in use.
    final : Path
        Replaced if it exists.
    chunks : sequence of bytes-like
        Written one after the other.

    Raises
    ------
    OutOfSpace
        The disk or the quota is full.
    StoreError
        Any other failure of the disk.
    """
    try:
        _write_or_remove(part, final, chunks)
        sync_folder(final.parent)
    except OSError as error:
        raise _failure(final, error) from error


def replace(final: Path, data: Buffer) -> None:
    """Write a file anew, one writer at a time; what an interrupted attempt has left is swept away.

    Raises
    ------
    OutOfSpace, StoreError
        See `write`.
    """
    part = final.with_name(f".{final.name}{PART}")
    part.unlink(missing_ok=True)
    write(part, final, [data])


def make_folder(folder: Path) -> None:
    """Make a folder that survives a power cut, in one that does; nothing happens if it is there.

    Raises
    ------
    OutOfSpace, StoreError
        See `write`.
    """
    if folder.is_dir():
        return
    try:
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise _failure(folder, error) from error


def sync_folder(folder: Path) -> None:
    """Put a folder's names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> int:
    """Remove what an interrupted `write` has left in `folder`; return how many files it was."""
    leftovers = list(folder.glob(f"*{PART}"))
    for path in leftovers:
        path.unlink()
    return len(leftovers)


def _failure(path: Path, error: OSError) -> StoreError:
    kind = OutOfSpace if error.errno in FULL else StoreError
    return kind(f"{path.name} cannot be written in {path.parent}: {error.strerror}")


def _write_or_remove(part: Path, final: Path, chunks: Sequence[Buffer]) -> None:
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            _write_all(descriptor, chunks)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        part.rename(final)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _write_all(descriptor: int, chunks: Sequence[Buffer]) -> None:
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
