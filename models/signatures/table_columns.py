"""The columns of a feature table: outcome, features and clinical variables, cell by cell."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from models.signatures.clinical import PREFIX
from models.signatures.description import KINDS, Description
from models.signatures.errors import TableError
from models.signatures.table_file import nearest, row_name
from models.signatures.variables import is_known

SCANNER: Final = "scanner."
_RESERVED: Final = frozenset({"patient", "outcome", "site", "split", "group"})
_WITH_UNIT: Final = re.compile(r"^(clinical\.[^\s\[(]+)\s*[\[(](.+)[\])]$")
_SHOWN: Final = 3  # mistakes of one kind that are spelt out


def required_column(path: Path, frame: pd.DataFrame, name: str, option: str) -> pd.Series:
    """Give a column.

    Raises
    ------
    TableError
        If it is not there; names the nearest ones and the option that names it.
    """
    if name not in frame.columns:
        raise TableError(f"{path}: there is no column {name!r} ({option}){nearest(name, frame.columns)}")
    return frame[name]


def outcome_of(
    path: Path, frame: pd.DataFrame, column: str, description: Description
) -> tuple[pd.Series, list[str]]:
    """Read the outcome as 1 and 0, NaN where it is not known; also what should be said about it.

    Raises
    ------
    TableError
        If the column is missing, or holds anything but two classes.
    """
    cutoff = description.outcome.cutoff
    if cutoff is not None and cutoff.value is not None and cutoff.column in frame:
        return _cut(path, frame, column, description)
    notes = _not_cut(path, frame, column, description)
    cells = required_column(path, frame, column, "--outcome")
    coded = {description.outcome.positive: 1.0, description.outcome.negative: 0.0}
    text = [_plain(cell) if is_known(cell) else None for cell in cells]
    strange = sorted({one for one in text if one is not None and one not in coded})
    if strange:
        row = next(row_name(path, frame.index[i]) for i, one in enumerate(text) if one == strange[0])
        kinds = len({one for one in text if one is not None})
        raise TableError(
            f"{path}: column {column!r} is no outcome of two classes: {row} holds {strange[0]!r}, "
            f"{kinds} different values in all; allowed are {' and '.join(coded)}, or nothing"
        )
    return pd.Series([np.nan if one is None else coded[one] for one in text], index=frame.index), notes


def _not_cut(path: Path, frame: pd.DataFrame, column: str, description: Description) -> list[str]:
    """Say that a cut-off has nothing to cut; refuse a scale in a unit that is not the cut-off's."""
    cutoff = description.outcome.cutoff
    if cutoff is None or cutoff.value is None:
        return []
    for name in map(str, frame.columns):
        if name.startswith(f"{cutoff.column} ") or name.startswith(f"{cutoff.column}["):
            raise TableError(
                f"{path}: column {name!r}: unknown unit; call it {cutoff.column!r}, from "
                f"{cutoff.range[0]:g} to {cutoff.range[1]:g} ({cutoff.unit})"
            )
    return [
        f"the table has no {cutoff.column}, so the cut-off {cutoff.value:g} was not applied: column "
        f"{column!r} is taken as the outcome already decided; see that it was decided with this cut-off"
    ]


def _cut(
    path: Path, frame: pd.DataFrame, column: str, description: Description
) -> tuple[pd.Series, list[str]]:
    cutoff = description.outcome.cutoff
    assert cutoff is not None and cutoff.value is not None
    scale = pd.Series(pd.to_numeric(frame[cutoff.column], errors="coerce"), index=frame.index)
    low, high = cutoff.range
    wrong = (scale.isna() & frame[cutoff.column].map(is_known)) | (scale < low) | (scale > high)
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        raise TableError(
            f"{path}: {row_name(path, frame.index[at])}, column {cutoff.column!r}: "
            f"{frame[cutoff.column].iloc[at]!r} must be a number from {low:g} to {high:g} ({cutoff.unit})"
        )
    labels = (scale >= cutoff.value).astype(float).where(scale.notna())
    notes = [f"the outcome is {cutoff.column} >= {cutoff.value:g}"]
    if column in frame:
        given = pd.Series(pd.to_numeric(frame[column], errors="coerce"), index=frame.index)
        differ = int((given.notna() & labels.notna() & (given != labels)).sum())
        if differ:
            notes.append(f"column {column!r} is not used: it differs from the cut-off in {differ} rows")
    return labels, notes


def feature_names(frame: pd.DataFrame, reserved: Collection[str], *, plain_table: bool) -> list[str]:
    """Name the columns that are features: of a plain table all others, else those named as this node does."""
    others = [
        name
        for name in map(str, frame.columns)
        if name not in reserved and not name.startswith((PREFIX, SCANNER))
    ]
    if plain_table:
        return [name for name in others if name.lower() not in _RESERVED]
    kinds = (*KINDS, "measurement")
    return [name for name in others if name.count(".") >= 3 and name.split(".")[2] in kinds]


def numbers_of(
    path: Path, frame: pd.DataFrame, names: Sequence[str], *, plain_table: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Give the features as float64.

    Raises
    ------
    TableError
        For a cell that is no number or infinite: row and column. In a plain table a column of words alone is
        left out and named.
    """
    if not names:
        raise TableError(
            f"{path}: there is no feature column; they are named <role>.<group>.<kind>.<feature>, as in "
            "mr_sag_t2.disc.radiomics.original_firstorder_Mean"
            if not plain_table
            else f"{path}: there is no column of numbers beside the outcome"
        )
    numeric = [name for name in names if pd.api.types.is_numeric_dtype(frame[name].dtype)]
    converted, words = {}, []
    for name in set(names) - set(numeric):
        cells = frame[name]
        numbers = pd.to_numeric(cells.where(cells.map(is_known)), errors="coerce")
        wrong = numbers.isna() & cells.map(is_known)
        if plain_table and wrong.sum() > len(cells) / 2:
            words.append(name)
            continue
        if wrong.any():
            raise _no_number(path, name, wrong, cells)
        converted[name] = numbers.astype(np.float64)
    kept = [name for name in names if name not in words]
    plain_part = frame[numeric].astype(np.float64)
    values = pd.concat([plain_part, pd.DataFrame(converted, index=frame.index)], axis=1)[kept]
    _finite(path, values)
    notes = [f"columns of words left out: {', '.join(sorted(words))}"] if words else []
    return values, notes


def _no_number(path: Path, name: str, wrong: pd.Series, cells: pd.Series) -> TableError:
    at = int(wrong.to_numpy().argmax())
    more = f" (and {int(wrong.sum()) - 1} more cells of this column)" if wrong.sum() > 1 else ""
    return TableError(
        f"{path}: {row_name(path, cells.index[at])}, column {name!r}: {cells.iloc[at]!r} is no number{more}"
    )


def _finite(path: Path, values: pd.DataFrame) -> None:
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        row, column = (int(i) for i in np.argwhere(infinite)[0])
        raise TableError(
            f"{path}: {row_name(path, values.index[row])}, column {values.columns[column]!r}: "
            f"the value is infinite ({int(infinite.sum())} such cells); leave it empty where it is not known"
        )


def clinical_of(path: Path, frame: pd.DataFrame, description: Description) -> tuple[pd.DataFrame, list[str]]:
    """Read the description's clinical variables; None where a value is not known.

    Raises
    ------
    TableError
        If a required variable has no column, a unit is not ours, or a value is not allowed: row and column.
    """
    frame = _known_units(path, frame, description)
    columns: dict[str, list[Any]] = {}
    mistakes: list[str] = []
    for name, variable in description.clinical.items():
        if PREFIX + name not in frame:
            if variable.required:
                names = list(map(str, frame.columns))
                near = nearest(PREFIX + name, [one for one in names if one.startswith(PREFIX)] or names)
                raise TableError(
                    f"{path}: the required clinical variable {PREFIX + name} has no column{near}"
                )
            columns[name] = [None] * len(frame)
            continue
        columns[name] = []
        for index, cell in frame[PREFIX + name].items():
            value, wrong = _parsed(variable, cell)
            columns[name].append(value)
            if wrong:
                mistakes.append(f"{row_name(path, index)}, column {PREFIX + name} = {cell}: {wrong}")
    if mistakes:
        more = f" (and {len(mistakes) - _SHOWN} more)" if len(mistakes) > _SHOWN else ""
        raise TableError(f"{path}: {'; '.join(mistakes[:_SHOWN])}{more}")
    known = {PREFIX + name for name in description.clinical}
    scale = description.outcome.cutoff.column if description.outcome.cutoff else None
    ignored = [str(n) for n in frame if str(n).startswith(PREFIX) and n not in known and n != scale]
    notes = (
        [f"clinical columns that {description.name} does not read: {', '.join(ignored)}"] if ignored else []
    )
    typed = {name: pd.Series(values, index=frame.index, dtype=object) for name, values in columns.items()}
    return pd.DataFrame(typed, index=frame.index), notes


def _parsed(variable: Any, cell: Any) -> tuple[Any, str | None]:
    if not is_known(cell):
        return None, None
    try:
        return variable.parse(cell), None
    except ValueError as error:
        return None, str(error)


def _known_units(path: Path, frame: pd.DataFrame, description: Description) -> pd.DataFrame:
    """Take a unit out of a column's name, where it is ours: "clinical.age [years]"."""
    renamed = {}
    for column in map(str, frame.columns):
        found = _WITH_UNIT.match(column)
        if not found:
            continue
        variable = description.clinical.get(found[1].removeprefix(PREFIX))
        if variable is None:
            continue
        unit = getattr(variable, "unit", None)
        if unit is None or found[2].strip() != unit:
            raise TableError(f"{path}: column {column!r}: unknown unit {found[2]!r}; {variable.rule}")
        renamed[column] = found[1]
    return frame.rename(columns=renamed)


def _plain(cell: Any) -> str:
    """Write a class as a description does: 1.0 and True are "1"."""
    if isinstance(cell, bool | np.bool_):
        return str(int(cell))
    text = str(cell).strip()
    lower = {"true": "1", "false": "0"}.get(text.lower(), text)
    return lower.removesuffix(".0")
