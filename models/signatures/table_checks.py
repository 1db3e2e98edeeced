"""What a feature table must not be: too small, of one class, leaking, or with a patient on both sides."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from models.signatures.clinical import PREFIX
from models.signatures.errors import TableError
from models.signatures.table_file import nearest

#: AUC of a single column above which it must have been made from the outcome.
LEAK: Final = 0.99
_OUTSIDE: Final = frozenset({"test", "external"})
_LISTED: Final = 5


def names_given(path: Path, names: pd.Series, column: str) -> None:
    """Refuse a row without a name."""
    empty = int((names.isna() | (names.astype(str).str.strip() == "")).sum())
    if empty:
        raise TableError(f"{path}: {empty} rows have no value in column {column!r} (--id)")


def _refuse_in_sample(path: Path, frame: pd.DataFrame) -> None:
    """Refuse patients whose deep features know their outcome; see docs/deep-features.md."""
    if "split" not in frame:
        return
    found = int((frame["split"].astype(str).str.strip().str.lower() == "in_sample").sum())
    if found:
        raise TableError(
            f"{path}: {found} patients have the split in_sample: the network of their deep features was "
            "fine-tuned on their outcome; leave them out"
        )


def external_rows(
    path: Path, frame: pd.DataFrame, option: str | None
) -> tuple[NDArray[np.bool_], str | None]:
    """Find the rows that are kept out of training, and the column that says so.

    Parameters
    ----------
    option : str or None
        "column=value" or "column=value,value"; None looks for a column "split" with test or external; ""
        keeps every row in.
    """
    _refuse_in_sample(path, frame)
    if option == "":
        return np.zeros(len(frame), dtype=bool), "split" if "split" in frame else None
    if option is None:
        if "split" not in frame:
            return np.zeros(len(frame), dtype=bool), None
        return frame["split"].astype(str).str.strip().str.lower().isin(_OUTSIDE).to_numpy(), "split"
    column, equals, wanted = option.partition("=")
    if not equals or not column or not wanted:
        raise TableError(f"--external {option}: must read COLUMN=VALUE, e.g. split=test")
    if column not in frame:
        raise TableError(
            f"{path}: there is no column {column!r} (--external){nearest(column, frame.columns)}"
        )
    values = frame[column].astype(str).str.strip()
    outside = values.isin([one.strip() for one in wanted.split(",")]).to_numpy()
    if not outside.any():
        there = ", ".join(sorted(set(values))[:8])
        raise TableError(f"{path}: no row has {column} = {wanted} (--external); its values are {there}")
    return outside, column


def enough(path: Path, outcome: NDArray[np.int64], least: int, least_of_a_class: int) -> None:
    """Refuse fewer patients than an estimate needs, and one class only."""
    events = int(outcome.sum())
    told = (
        f"{len(outcome)} patients for training, {events} with the outcome and {len(outcome) - events} without"
    )
    if len(outcome) < least:
        raise TableError(f"{path}: too few patients: {told}; at least {least} are needed")
    if events in (0, len(outcome)):
        raise TableError(f"{path}: one class only: {told}; both are needed")
    if min(events, len(outcome) - events) < least_of_a_class:
        raise TableError(
            f"{path}: too few of one class: {told}; at least {least_of_a_class} of each are needed"
        )


def one_row_each(path: Path, patients: Sequence[str], rows: Sequence[str]) -> None:
    """Refuse a name that stands in two rows."""
    if twice := [name for name, count in Counter(patients).items() if count > 1]:
        places = [rows[i] for i, name in enumerate(patients) if name == twice[0]]
        raise TableError(
            f"{path}: {twice[0]} stands in {len(places)} rows ({', '.join(places[:_LISTED])}), as do "
            f"{len(twice) - 1} others; name each row once, and its patient with --group"
        )


def no_patient_on_both_sides(path: Path, groups: NDArray[np.str_], external: NDArray[np.bool_]) -> None:
    """Refuse a patient of the training who is also in the external cohort."""
    both = sorted(set(groups[external]) & set(groups[~external]))
    if both:
        raise TableError(
            f"{path}: {len(both)} patients are in the training and in the external part: "
            f"{', '.join(both[:_LISTED])}{' …' if len(both) > _LISTED else ''}; leave them in one"
        )


def informative(
    path: Path, features: pd.DataFrame, inside: NDArray[np.bool_]
) -> tuple[pd.DataFrame, list[str]]:
    """Drop the columns that are empty or constant in the training rows, and name them.

    Raises
    ------
    TableError
        If nothing is left.
    """
    values = features.to_numpy()[inside]
    empty = np.isnan(values).all(axis=0)
    low = np.where(np.isnan(values), np.inf, values).min(axis=0)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    constant = ~empty & (high - low <= 0)
    warnings = []
    for what, mask in (("without any value", empty), ("that never change", constant)):
        if mask.any():
            warnings.append(f"{_count(mask)} {what} left out: {_list(features.columns[mask])}")
    if (empty | constant).all():
        raise TableError(f"{path}: no feature is left: {'; '.join(warnings)}")
    return features.loc[:, ~(empty | constant)], warnings


def informative_clinical(path: Path, clinical: pd.DataFrame, required: Collection[str]) -> list[str]:
    """Name the clinical variables that say nothing about the training rows.

    Raises
    ------
    TableError
        If a required one has no value at all.
    """
    kinds = {str(name): clinical[name].dropna().nunique() for name in clinical}
    if lacking := [name for name in required if kinds.get(name) == 0]:
        raise TableError(
            f"{path}: column {PREFIX + lacking[0]!r} is required and has no value in any row for training; "
            "fill it, or train a predictor of your own that does without"
        )
    notes = []
    for what, count in (("without any value", 0), ("with one value only", 1)):
        if found := [PREFIX + name for name, number in kinds.items() if number == count]:
            notes.append(f"clinical variables {what}, of no use: {', '.join(found)}")
    return notes


def no_row_twice(path: Path, features: pd.DataFrame, rows: Sequence[str], groups: NDArray[np.str_]) -> None:
    """Refuse two rows of different patients with the very same features: one patient under two names."""
    if features.shape[1] < _LISTED:
        return  # a few rough numbers may well be equal
    hashes = pd.util.hash_pandas_object(features, index=False).to_numpy()
    first: dict[int, int] = {}
    for i, value in enumerate(hashes):
        j = first.setdefault(int(value), i)
        if groups[j] != groups[i] and not features.iloc[i].isna().all():
            raise TableError(
                f"{path}: {rows[j]} and {rows[i]} hold the very same features under two names "
                f"({groups[j]}, {groups[i]}); leave one, or name the patient with --group"
            )


def nothing_leaks(
    path: Path, features: pd.DataFrame, clinical: pd.DataFrame, outcome: NDArray[np.int64]
) -> None:
    """Refuse a column that alone tells the classes apart, by its values or by where they are missing."""
    found = {}
    for frame in (features, clinical):
        for name, auc in zip(frame.columns, single_aucs(frame.to_numpy(), outcome), strict=True):
            if auc > LEAK:
                found[name] = auc
    if found:
        name, auc = next(iter(found.items()))
        more = f" (and {len(found) - 1} more: {_list(list(found)[1:])})" if len(found) > 1 else ""
        raise TableError(
            f"{path}: column {name!r} alone tells the outcome with an AUC of {auc:.3f}{more}; it was "
            f"probably made from it. Leave it out with --drop {name}"
        )


def single_aucs(values: NDArray[np.float64], outcome: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each column's AUC, whichever way it points; of its values, or of their absence if that tells more.

    Parameters
    ----------
    values : ndarray of shape (n, p)
        May hold NaN.
    outcome : ndarray of int, shape (n,)
    """
    absent = np.isnan(values)
    result = np.full(values.shape[1], 0.5)
    whole = ~absent.any(axis=0)
    result[whole] = _auc(values[:, whole], outcome)
    for column in np.flatnonzero(~whole):
        there = ~absent[:, column]
        told = _auc(absent[:, [column]].astype(np.float64), outcome)[0]
        if 0 < outcome[there].sum() < there.sum() and there.sum() >= 10:
            told = max(told, _auc(values[there][:, [column]], outcome[there])[0])
        result[column] = told
    return result


def _auc(values: NDArray[np.float64], outcome: NDArray[np.int64]) -> NDArray[np.float64]:
    positive = outcome == 1
    n = int(positive.sum())
    ranks = rankdata(values, axis=0)
    wins = ranks[positive].sum(axis=0) - n * (n + 1) / 2
    auc = wins / (n * (len(outcome) - n))
    return np.asarray(np.maximum(auc, 1 - auc), dtype=np.float64)


def _count(mask: NDArray[np.bool_]) -> str:
    return f"{int(mask.sum())} column{'s' if mask.sum() > 1 else ''}"


def _list(names: Sequence[str] | pd.Index) -> str:
    return f"{', '.join(map(str, names[:_LISTED]))}{' …' if len(names) > _LISTED else ''}"
