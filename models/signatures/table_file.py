"""A table's file as a data frame: parquet, CSV or gzipped CSV, with everything else refused by its name."""

import csv
import difflib
import gzip
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetFile

from models.signatures.errors import TableError

_KINDS: Final = (".parquet", ".csv.gz", ".csv")
_HEAD: Final = 1 << 16
#: What a file begins with that is not what its name says.
_OTHER: Final = {
    b"PK\x03\x04": "an Excel or zip file; save the sheet as CSV (UTF-8, comma separated)",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV (UTF-8, comma separated)",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"SQLite": "a database; export a table as CSV",
    b"%PDF": "a PDF",
}


def read_frame(path: Path, text_columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    path : Path
        .parquet, .csv or .csv.gz; CSV is UTF-8 with commas and decimal points.
    text_columns : iterable of str
        Columns that stay text as it is written, as well as `clinical.*` and `scanner.*`; the others become
        numbers where every cell is one.

    Raises
    ------
    TableError
        If the file is not there, is no table, or has no rows or two columns of one name.
    """
    kind = _kind(path)
    try:
        frame = _parquet(path) if kind == ".parquet" else _csv(path, kind, set(text_columns))
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{path}: cannot be read: {error.__class__.__name__}: {error}") from None
    if not len(frame):
        raise TableError(f"{path}: has a header and no row")
    return frame


def row_name(path: Path, index: Any) -> str:
    """Name a row as people find it: the line of a CSV file, whose header is line 1; the row of a parquet."""
    return f"row {int(index) + 1}" if path.name.endswith(".parquet") else f"line {int(index) + 2}"


def nearest(name: str, names: Iterable[str]) -> str:
    """Say which of the names are nearest, for the end of an error."""
    known = [str(one) for one in names]
    lower = {one.lower(): one for one in known}
    near = [lower[one] for one in difflib.get_close_matches(name.lower(), list(lower), 3, 0.5)]
    if near:
        return f"; the nearest are {', '.join(near)}"
    return f"; there are {', '.join(known[:8])}{' …' if len(known) > 8 else ''}"


def _kind(path: Path) -> str:
    kind = next((kind for kind in _KINDS if path.name.lower().endswith(kind)), None)
    if path.is_dir():
        raise TableError(f"{path}: is a folder; give the table's file")
    if not path.exists():
        beside = [one.name for one in path.parent.glob("*") if one.name.lower().endswith(_KINDS)]
        hint = nearest(path.name, beside) if beside else ""
        raise TableError(f"{path}: there is no such file{hint}")
    if kind is None:
        raise TableError(f"{path}: is no table that can be read; it must end in .parquet, .csv or .csv.gz")
    _begins_right(path, kind)
    return kind


def _begins_right(path: Path, kind: str) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise TableError(f"{path}: is empty")
    expected = {".parquet": b"PAR1", ".csv.gz": b"\x1f\x8b"}.get(kind)
    if expected and not head.startswith(expected):
        raise TableError(f"{path}: is not a {kind} file: {_what(head)}")
    if not expected and (any(head.startswith(start) for start in _OTHER) or head[:4] == b"PAR1"):
        raise TableError(f"{path}: is not a CSV file: {_what(head)}")


def _what(head: bytes) -> str:
    if head.startswith(b"PAR1"):
        return "a parquet file; let its name end in .parquet"
    if head.startswith(b"\x1f\x8b"):
        return "a gzip file; let its name end in .csv.gz"
    return next((name for start, name in _OTHER.items() if head.startswith(start)), "its first bytes differ")


def _parquet(path: Path) -> pd.DataFrame:
    try:
        # pandas' own reader takes 5 GiB for the 34,000 long names of a full table, this one 0.6
        with ParquetFile(path) as file:
            frame: pd.DataFrame = file.read().to_pandas()
    except pa.ArrowException as error:
        raise TableError(f"{path}: a damaged parquet file: {str(error).splitlines()[0]}") from None
    return frame.reset_index(drop=True)


def _csv(path: Path, kind: str, text_columns: set[str]) -> pd.DataFrame:
    header = _header(path, kind)
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise TableError(f"{path}: two columns are called {twice[0]!r}")
    text = {
        name: "str" for name in header if name in text_columns or name.startswith(("clinical.", "scanner."))
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(path, dtype=text, low_memory=False, index_col=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        where = str(error).strip().splitlines()[0].removeprefix("Error tokenizing data. C error: ")
        raise TableError(f"{path}: rows and header do not fit: {where}") from None
    return frame


def _header(path: Path, kind: str) -> list[str]:
    with gzip.open(path, "rb") if kind == ".csv.gz" else path.open("rb") as file:
        line = file.readline()
        line += file.read(_HEAD) if len(line) < 4 else b""
    if b"\0" in line:
        raise TableError(f"{path}: is no text; a CSV file is expected")
    try:
        names = next(csv.reader([line.decode("utf-8-sig").splitlines()[0]]))
    except UnicodeDecodeError:
        raise TableError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    except (IndexError, StopIteration, csv.Error):
        raise TableError(f"{path}: its first line holds no names of columns") from None
    if len(names) == 1:
        sign = next((sign for sign in (";", "\t", "|") if sign in names[0]), None)
        told = f"columns are separated by {sign!r}" if sign else "there is one column only"
        raise TableError(f"{path}: {told}; write it with commas and decimal points")
    return names
