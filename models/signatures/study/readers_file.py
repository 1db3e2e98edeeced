"""Calls of human readers: a CSV of patient, reader, call."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from models.signatures.errors import TableError
from models.signatures.table_file import nearest, read_frame, row_name
from models.signatures.variables import is_known

COLUMNS = ("patient", "reader", "call")
_CALLS = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "true": 1, "false": 0, "yes": 1, "no": 0}


def read_readers(path: Path, patients: Collection[str]) -> dict[str, dict[str, int]]:
    """Read what each reader said of each patient before the outcome was known.

    Parameters
    ----------
    path : Path
        CSV with the columns patient, reader and call (1 or 0; empty: not read).
    patients : collection of str
        Those of the feature table.

    Returns
    -------
    dict
        Reader to patient to call.

    Raises
    ------
    TableError
        For a missing column, an unknown patient, a call that is none, or two calls of one reader: names
        the line.
    """
    frame = read_frame(path, COLUMNS)
    for name in COLUMNS:
        if name not in frame:
            raise TableError(f"{path}: there is no column {name!r}{nearest(name, frame.columns)}")
    found: dict[str, dict[str, int]] = {}
    for index, patient, reader, call in frame[list(COLUMNS)].itertuples():
        if is_known(call):
            where = f"{path}: {row_name(path, int(index))}"
            _add(found, where, (_text(patient), _text(reader), _text(call)), patients)
    if not found:
        raise TableError(f"{path}: holds no call")
    return found


def _add(
    found: dict[str, dict[str, int]], where: str, row: tuple[str, str, str], patients: Collection[str]
) -> None:
    patient, reader, call = row
    if patient not in patients:
        raise TableError(f"{where}: patient {patient!r} is not in the feature table")
    if not reader:
        raise TableError(f"{where}: names no reader")
    if call.lower() not in _CALLS:
        raise TableError(f"{where}, column 'call': {call!r} must be 1 or 0, or empty where it was not read")
    if patient in found.setdefault(reader, {}):
        raise TableError(f"{where}: a second call of {reader} for patient {patient!r}")
    found[reader][patient] = _CALLS[call.lower()]


def _text(cell: object) -> str:
    return "" if pd.isna(cell) else str(cell).strip()  # type: ignore[call-overload]
