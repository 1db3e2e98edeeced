"""From what a cohort's sheet says to folders of DICOM files."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

_UID: Final = re.compile(r"^[0-9]+(\.[0-9]+){3,}$")  # PS3.5 9.1; a folder's name rarely looks so


@dataclass(eq=False)
class Archive:
    """Finds studies by their UIDs below a folder.

    Parameters
    ----------
    root : Path or None
        None: UIDs cannot be looked up.
    report : callable
        Told when the whole folder must be read through, which may take long.
    """

    root: Path | None
    report: Callable[[str], None] = lambda line: None
    _index: dict[str, list[Path]] | None = field(default=None, init=False)

    def files(self, uid: str) -> tuple[Path, ...]:
        """Give the files of a study; empty if there is none.

        A folder of the UID's name directly below `root` is the study; else every file's header is read, once.
        """
        if self.root is None:
            return ()
        direct = self.root / uid
        if direct.is_dir():
            return files_of(direct)
        if self._index is None:
            self.report(f"{self.root}: reading every file's header to find studies by their UIDs")
            self._index = _indexed(self.root)
        return tuple(self._index.get(uid, ()))


def is_uid(text: str) -> bool:
    """Tell whether a cell's text is a UID rather than a folder."""
    return len(text) <= 64 and _UID.match(text) is not None


def files_of(folder: Path) -> tuple[Path, ...]:
    """List every file of a folder, at any depth, sorted; hidden ones are passed over."""
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."))


def _indexed(root: Path) -> dict[str, list[Path]]:
    index: dict[str, list[Path]] = {}
    for path, uid in _study_uids(root):
        index.setdefault(uid, []).append(path)
    return index


def _study_uids(root: Path) -> Iterator[tuple[Path, str]]:
    for path in files_of(root):
        try:
            header = dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
        except (InvalidDicomError, OSError, EOFError, ValueError):
            continue  # other files lie in archives too; a damaged one is named when its study is read
        if uid := header.get("StudyInstanceUID"):
            yield path, str(uid)
