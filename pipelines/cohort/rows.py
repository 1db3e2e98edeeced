"""What was computed for one patient, as a file: whole or not there, and found again by what it depends on."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.manifest import sha256


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was not computed: at which stage, and why."""

    stage: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One patient's features and where they come from.

    Attributes
    ----------
    features : mapping of str to float
        As `pipelines.features.table.feature_row` names them.
    scanners : mapping of str to str
    headers : mapping
        Clinical variables that the images' headers tell.
    models : mapping of str to str
        Role, or "deep", to "name version sha256".
    profiles : mapping of str to str
        Radiomics profile to its sha256.
    remarks : tuple of Remark
        Series that were chosen and could not be analysed.
    """

    features: Mapping[str, float]
    scanners: Mapping[str, str]
    headers: Mapping[str, Any]
    models: Mapping[str, str]
    profiles: Mapping[str, str]
    remarks: tuple[Remark, ...] = ()


def row_key(files: Iterable[Path], depends_on: Iterable[str]) -> str:
    """Return a sha256 of the files' bytes and of what else a row depends on, hexadecimal."""
    digests = sorted(sha256(path) for path in files)
    return hashlib.sha256(json.dumps([digests, *depends_on]).encode()).hexdigest()


def read_row(folder: Path, key: str) -> CaseRow | None:
    """Read a row; None if there is none, or what is there is damaged."""
    try:
        plain = json.loads(_path(folder, key).read_text(encoding="utf-8"))
        remarks = tuple(Remark(**one) for one in plain.pop("remarks"))
        return CaseRow(**plain, remarks=remarks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_row(folder: Path, key: str, row: CaseRow) -> None:
    """Write a row; readers see all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{key}.{os.getpid()}.part"
    part.write_text(json.dumps(asdict(row)), encoding="utf-8")
    part.replace(_path(folder, key))


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"
