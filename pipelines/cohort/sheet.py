"""A CSV file as rows of text, or the one reason why it is none."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.cohort.problems import CohortError, Problem

_SAVE: Final = "save it as CSV in UTF-8 with commas"
_SIGNATURES: Final[Mapping[bytes, str]] = {
    b"PK\x03\x04": "an Excel workbook (or another zip file), not text",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, not text",
    b"PAR1": "a parquet file, not text",
    b"\x1f\x8b": "gzipped, not text",
    b"\xff\xfe": "encoded in UTF-16",
    b"\xfe\xff": "encoded in UTF-16",
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as a spreadsheet counts (the header is 1), and its cells by column, stripped."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file's columns and rows, and what is wrong with single rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    problems: tuple[Problem, ...]


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file: UTF-8, comma, one header row; empty rows are passed over.

    Raises
    ------
    CohortError
        If the file is missing, empty, no UTF-8 text, separated by something else than commas, or has no row
        beside the header, or a column without or with a repeated name.
    """
    lines = list(_lines(path, _text(path)))
    if not lines:
        raise _refused(path, "the file is empty")
    columns = tuple(cell.strip() for cell in lines[0][1])
    _check_columns(path, columns)
    rows: list[SheetRow] = []
    problems: list[Problem] = []
    for number, cells in lines[1:]:
        if len(cells) != len(columns):
            problems.append(_uneven(number, cells, columns))
        else:
            found = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
            rows.append(SheetRow(number, found))
    if len(lines) == 1:
        raise _refused(path, "there is a header and no patient")
    return Sheet(path, columns, tuple(rows), tuple(problems))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _refused(path, "no such file") from None
    except IsADirectoryError:
        raise _refused(path, "a folder, not a CSV file") from None
    for signature, what in _SIGNATURES.items():
        if content.startswith(signature):
            raise _refused(path, f"{what}; {_SAVE}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = content[error.start]
        raise _refused(path, f"not UTF-8: byte 0x{byte:02X} in line {line}; {_SAVE}") from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty with its number."""
    if "\0" in text:
        raise _refused(path, f"holds bytes that are no text; {_SAVE}")
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise _refused(path, f"no valid CSV: {error}") from None


def _check_columns(path: Path, columns: tuple[str, ...]) -> None:
    if len(columns) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in columns[0]:
                raise _refused(path, f"columns are separated by {name}; {_SAVE} (and points in decimals)")
    problems = [Problem(f"column {i} has no name", 1) for i, name in enumerate(columns, 1) if not name]
    repeated = sorted({name for name in columns if name and columns.count(name) > 1})
    problems += [Problem("the column is there more than once", 1, name) for name in repeated]
    if problems:
        raise CohortError(path, problems)


def _uneven(number: int, cells: list[str], columns: tuple[str, ...]) -> Problem:
    text = f"{len(cells)} cells, but the header has {len(columns)}"
    if len(cells) > len(columns):
        text += '; put a cell that holds a comma in "quotes", and write decimals with a point'
    return Problem(text, number)


def _refused(path: Path, text: str) -> CohortError:
    return CohortError(path, [Problem(text)])
