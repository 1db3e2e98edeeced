"""Instances as files: written durably, named by a hash, never overwritten.

    <root>/objects/<aa>/<sha256 of the SOP Instance UID>.dcm
    <root>/quarantine/<sha256 of the UID>-<sha256 of the data set>.dcm   same UID, other content
    <root>/incoming/*.part                                              being written; swept at the start
    <root>/purged/<study's number>/*.dcm                                on their way out (`node.retention`)
    <root>/locks/<aa>                                                   one writer per shard, of all processes

What a peer sends never becomes part of a path. The root is the node's data folder.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from uuid import uuid4

from node import durable, fileformat
from node.errors import OutOfSpace
from node.fileformat import FileMeta

OBJECTS, QUARANTINE, INCOMING = "objects", "quarantine", "incoming"
PURGED, LOCKS = "purged", "locks"


class Outcome(Enum):
    """What became of an instance that was put into the store; its bytes are safe in each case."""

    STORED = "stored"
    DUPLICATE = "duplicate"  #: was there already, with the same content
    CONFLICT = "conflict"  #: another content is there under this UID; these bytes are in quarantine
    KNOWN_CONFLICT = "known conflict"  #: these bytes are in quarantine already


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store."""

    path: str  #: relative to the store's root
    sha256: str  #: of the encoded data set, hexadecimal
    size: int  #: bytes of the file


class Store:
    """The folder that holds every instance.

    Parameters
    ----------
    root : Path
        The node's data folder.
    min_free_bytes : int
        Less than this left on the disk: nothing more is accepted.
    """

    def __init__(self, root: Path, min_free_bytes: int = 0) -> None:
        self.root = root
        self._min_free_bytes = min_free_bytes

    def prepare(self) -> int:
        """Make the folders and remove what an interrupted write left; return how many files that was."""
        for name in (OBJECTS, QUARANTINE, INCOMING, PURGED, LOCKS):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        durable.sync_folder(self.root / OBJECTS)  # a crash may have come between a `mkdir` and its fsync
        durable.sync_folder(self.root)
        return durable.sweep(self.root / INCOMING)

    def check_space(self, wanted: int) -> None:
        """Refuse what would leave less than `min_free_bytes` on the disk.

        Raises
        ------
        OutOfSpace
            With the figures.
        """
        volume = os.statvfs(self.root)
        free = volume.f_bavail * volume.f_frsize
        if free - wanted < self._min_free_bytes:
            raise OutOfSpace(
                f"{free} bytes are free on the disk of {self.root}, and receiver.min_free_bytes keeps "
                f"{self._min_free_bytes} of them: make room"
            )

    def put(self, meta: FileMeta, data_set: memoryview) -> tuple[Outcome, StoredFile]:
        """Store a data set as it was received; when this returns, it survives a power cut.

        Parameters
        ----------
        meta : FileMeta
            Goes before the data set as File Meta Information; its SOP Instance UID names the file.
        data_set : memoryview
            The encoded data set.

        Raises
        ------
        OutOfSpace, StoreError
            Nothing was stored.
        """
        head = fileformat.encode(meta)
        self.check_space(len(head) + len(data_set))
        name = hashlib.sha256(meta.sop_instance_uid.encode()).hexdigest()
        content = hashlib.sha256(data_set).hexdigest()
        path, outcome = f"{OBJECTS}/{name[:2]}/{name}.dcm", Outcome.STORED
        with self._alone(name[:2]):
            if (self.root / path).exists():
                path, outcome = self._second(path, name, content)
            if outcome in (Outcome.STORED, Outcome.CONFLICT):
                durable.make_folder((self.root / path).parent)
                durable.write(self._part(), self.root / path, (head, data_set))
            else:  # a crash may have come between the rename and the fsync of the folder
                durable.sync_folder((self.root / path).parent)
        return outcome, StoredFile(path, content, (self.root / path).stat().st_size)

    def set_aside(self, relative: str, folder: Path) -> bool:
        """Move a stored instance out, into `folder`; return whether it was there.

        Whoever stores it again meanwhile does so before or after, never in between: then it is there again.
        """
        path = self.root / relative
        with self._alone(path.name[:2]):
            if not path.exists():
                return False
            path.rename(folder / path.name)
            durable.sync_folder(folder)
        return True

    def bring_back(self, aside: Path) -> bool:
        """Undo `set_aside`, unless the instance has been stored again; return whether it was needed."""
        path = self.root / OBJECTS / aside.name[:2] / aside.name
        with self._alone(aside.name[:2]):
            if path.exists():
                aside.unlink()
                return False
            durable.make_folder(path.parent)
            aside.rename(path)
            durable.sync_folder(path.parent)
        return True

    def path(self, relative: str) -> Path:
        """Return where a file lies, from `Instance.path` or `Refusal.path`."""
        return self.root / relative

    def objects(self) -> Iterator[str]:
        """Yield the relative path of every stored instance."""
        for shard in sorted((self.root / OBJECTS).iterdir()):
            yield from self._files(f"{OBJECTS}/{shard.name}")

    def quarantined(self) -> Iterator[str]:
        """Yield the relative path of every file kept apart."""
        yield from self._files(QUARANTINE)

    @contextmanager
    def _alone(self, shard: str) -> Iterator[None]:
        """Keep other threads and processes off a shard."""
        descriptor = os.open(self.root / LOCKS / shard, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _files(self, folder: str) -> Iterator[str]:
        for path in sorted((self.root / folder).glob("*.dcm")):
            yield f"{folder}/{path.name}"

    def _part(self) -> Path:
        return self.root / INCOMING / f"{uuid4().hex}{durable.PART}"

    def _second(self, path: str, name: str, content: str) -> tuple[str, Outcome]:
        """Return where an instance belongs whose UID is taken, and what it is."""
        if content_of(self.root / path) == content:
            return path, Outcome.DUPLICATE
        kept = f"{QUARANTINE}/{name}-{content}.dcm"
        known = (self.root / kept).exists()
        return kept, Outcome.KNOWN_CONFLICT if known else Outcome.CONFLICT


def content_of(path: Path) -> str:
    """Return the sha256 of the data set in a stored file, hexadecimal."""
    with path.open("rb") as file:
        file.seek(fileformat.data_set_offset(memoryview(file.read(fileformat.HEAD.size))))
        return hashlib.file_digest(file, "sha256").hexdigest()
