"""The manifest: which scans, their references, and what the references' values mean.

A CSV file with the columns `set`, `scan`, `image`, `reference`, `labels` and, if wanted, `role`. Paths are
relative to the manifest. `image` is a folder of DICOM files or a NIfTI file, `reference` a NIfTI label map or
a DICOM SEG, `labels` a CSV file with the columns `value` and `label`; see `read_label_map`.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipelines.errors import InputError
from pipelines.evaluation.names import KINDS, is_known
from pipelines.types import Role

COLUMNS = ("set", "scan", "image", "reference", "labels")
OPTIONAL = ("role",)
Key = TypeVar("Key", int, str)

ANY_OTHER = "*"  #: in a label map: every value that has no line of its own


class RowError(InputError):
    """A row of the manifest cannot be used as it is; the other rows can."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands, its paths made absolute by the manifest's folder.

    Attributes
    ----------
    number : int
        Line in the manifest, from 1; the header is line 1.
    """

    number: int
    set_name: str
    scan: str
    image: Path
    reference: Path
    labels: Path | None
    role_text: str

    @property
    def stem(self) -> str:
        """What the files written for this row are called, but for folder and ending."""
        return "".join(c if c.isalnum() or c in "-_." else "_" for c in f"{self.set_name}_{self.scan}")

    @property
    def role(self) -> Role | None:
        """The role the series is taken for; None: as the node's selection says.

        Raises
        ------
        RowError
            ROLE, if there is no such role.
        """
        if not self.role_text:
            return None
        try:
            return Role(self.role_text)
        except ValueError:
            allowed = ", ".join(role.value for role in Role)
            raise RowError("ROLE", f"{self.role_text!r} is no role; allowed: {allowed}") from None


@dataclass(frozen=True, slots=True)
class LabelMap:
    """What the values of a reference mean.

    Attributes
    ----------
    names : mapping of int to str
        Value to SegmentLabel, or to a kind without level; several values may be one structure.
    ignored : frozenset of int
        Values that no score counts.
    ignores_others : bool
        Whether that holds for all other values too.
    """

    names: Mapping[int, str]
    ignored: frozenset[int] = field(default_factory=frozenset)
    ignores_others: bool = False

    def unknown(self, values: Iterable[int]) -> list[int]:
        """List the values (0 apart) that the map says nothing about."""
        if self.ignores_others:
            return []
        return sorted(set(values) - self.names.keys() - self.ignored - {0})


def read_manifest(path: Path) -> tuple[Row, ...]:
    """Read the rows, without looking at what they name.

    Raises
    ------
    InputError
        MANIFEST, if the file cannot be read, a column is missing, there is no row, or two rows would write
        the same files.
    """
    lines = _read(path, "MANIFEST", COLUMNS, OPTIONAL)
    if not lines:
        raise InputError("MANIFEST", f"{path}: no scan below the header line")
    rows = tuple(_row(path.parent, number, line) for number, line in lines)
    if twice := _twice((row.number, row.stem) for row in rows):
        first, second, stem = twice
        raise InputError(
            "MANIFEST",
            f"{path}, lines {first} and {second}: both would write {stem}; give each row a set and scan of "
            "its own (letters, digits, - _ . tell them apart)",
        )
    return rows


def read_label_map(path: Path) -> LabelMap:
    """Read a CSV file of `value,label`.

    A label is a SegmentLabel ("L5 vertebral body") or a kind alone ("vertebra", where the reference knows no
    levels). An empty label leaves the value out of every score; `*` stands for all values without a line.

    Raises
    ------
    RowError
        LABEL_MAP, if the file cannot be read, a line is wrong, or a value has two lines.
    """
    try:
        lines = _read(path, "LABEL_MAP", ("value", "label"), ())
    except InputError as error:
        raise RowError(error.code, str(error)) from None
    others = [line for _, line in lines if line["value"] == ANY_OTHER]
    if any(line["label"] for line in others):
        raise RowError("LABEL_MAP", f"{path}: * can only be left out; give it an empty label")
    meanings = [(n, *_meaning(path, n, line)) for n, line in lines if line["value"] != ANY_OTHER]
    if twice := _twice((number, value) for number, value, _ in meanings):
        first, second, value = twice
        raise RowError("LABEL_MAP", f"{path}, lines {first} and {second}: both are value {value}; keep one")
    named = {value: label for _, value, label in meanings}
    names = {value: label for value, label in named.items() if label}
    return LabelMap(names, frozenset(named.keys() - names.keys()), bool(others))


def _twice(numbered: Iterable[tuple[int, Key]]) -> tuple[int, int, Key] | None:
    """Return the lines of the first key that has two, and the key; None where every key has one."""
    lines: dict[Key, int] = {}
    for number, key in numbered:
        if key in lines:
            return lines[key], number, key
        lines[key] = number
    return None


def _row(folder: Path, number: int, line: Mapping[str, str]) -> Row:
    labels = folder / line["labels"] if line["labels"] else None
    return Row(
        number=number,
        set_name=line["set"],
        scan=line["scan"],
        image=folder / line["image"],
        reference=folder / line["reference"],
        labels=labels,
        role_text=line.get("role", ""),
    )


def _meaning(path: Path, number: int, line: Mapping[str, str]) -> tuple[int, str]:
    value, label = line["value"], line["label"]
    if not value.isdecimal() or int(value) == 0:
        raise RowError("LABEL_MAP", f"{path}, line {number}: value {value!r} must be a whole number above 0")
    if label and not is_known(label):
        raise RowError(
            "LABEL_MAP",
            f"{path}, line {number}: {label!r} is neither a SegmentLabel (docs/dicom-results.md) nor a kind "
            f"({', '.join(sorted(KINDS))})",
        )
    return int(value), label


def _read(
    path: Path, code: str, needed: tuple[str, ...], optional: tuple[str, ...]
) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file as (line number, value by column); blank lines and lines that begin with # are none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(code, f"{path}: cannot be read: {error}") from None
    numbered = [(number, line) for number, line in enumerate(csv.reader(text.splitlines()), start=1)]
    numbered = [(n, line) for n, line in numbered if any(line) and not line[0].startswith("#")]
    header = [cell.strip() for cell in numbered[0][1]] if numbered else []
    wrong = (set(needed) - set(header)) | (set(header) - {*needed, *optional})
    if wrong or len(set(header)) < len(header):
        raise InputError(
            code,
            f"{path}: the first line must name the columns {', '.join(needed)}"
            + (f" (and may name {', '.join(optional)})" if optional else ""),
        )
    return [(number, _cells(path, code, number, header, line)) for number, line in numbered[1:]]


def _cells(path: Path, code: str, number: int, header: list[str], line: list[str]) -> dict[str, str]:
    if len(line) > len(header):
        raise InputError(code, f"{path}, line {number}: {len(line)} cells below {len(header)} columns")
    padded = [cell.strip() for cell in line] + [""] * (len(header) - len(line))
    return dict(zip(header, padded, strict=True))
