"""Baseline tables: who the patients were, by outcome and by split."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from models.signatures.clinical import PREFIX
from models.validation.baseline import (
    CategoryComparison,
    NumberComparison,
    NumberSummary,
    compare_categories,
    compare_numbers,
)
from pipelines.report_training.blocks import Table
from pipelines.report_training.names import level_text, variable_text
from pipelines.report_training.numbers import NONE, count_of, figure, p_value

Row = tuple[str, ...]

NOTE: Final = (
    "Mean ± SD where Shapiro and Wilk's test leaves a normal distribution possible in every group, else "
    "median "
    "(quartiles); n (%) of the known. Two-sided tests, significant below .05; not corrected for their number."
)
_MOST_GROUPS: Final = 5
_FEW_VALUES: Final = 2
_TRUTH: Final = {"0": "no", "1": "yes", "0.0": "no", "1.0": "yes", "False": "no", "True": "yes"}


def baseline_table(
    clinical: pd.DataFrame,
    column: str,
    names: Mapping[Any, str],
    description: Mapping[str, Any],
    caption: str,
) -> Table | None:
    """Compare every clinical variable between the groups of a column; None where there is nothing to compare.

    Parameters
    ----------
    clinical : DataFrame
        study/clinical.csv.
    column : str
        "outcome", "split" …
    names : mapping
        Value of the column to the name of its group, in the order of the table's columns.
    description : mapping
        The predictor's, for units.
    caption : str
    """
    groups = {name: clinical[clinical[column] == value] for value, name in names.items()}
    groups = {name: rows for name, rows in groups.items() if len(rows)}
    variables = [name for name in clinical.columns if name.startswith(PREFIX)]
    if len(groups) < 2 or len(groups) > _MOST_GROUPS or not variables:
        return None
    rows: list[Row] = []
    missing: list[str] = []
    for variable in variables:
        text = variable_text(variable, description)
        rows.extend(_rows(text, [one[variable] for one in groups.values()]))
        lost = [f"{name} {int(one[variable].isna().sum())}" for name, one in groups.items()]
        if clinical[variable].isna().any():
            missing.append(f"{text}: {', '.join(lost)}")
    heads = tuple(f"{name} (n\u00a0=\u00a0{len(rows_)})" for name, rows_ in groups.items())
    note = NOTE + (f" Missing: {'; '.join(missing)}." if missing else "")
    widths = (2.2, *[1.5] * len(heads), 1.25, 0.7)
    return Table(("Variable", *heads, "Test", "p"), tuple(rows), caption, note, widths)


def _rows(text: str, groups: Sequence[pd.Series]) -> Iterator[Row]:
    whole = pd.concat(groups)
    if _is_number(whole):
        yield _number_row(text, compare_numbers([one.to_numpy(float) for one in groups]))
        return
    found = compare_categories([_labels(one) for one in groups])
    yield from _category_rows(text, found)


def _is_number(values: pd.Series) -> bool:
    known = values.dropna()
    return bool(pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known)) and (
        known.nunique() > _FEW_VALUES
    )


def _labels(values: pd.Series) -> list[str | None]:
    texts = [None if pd.isna(value) else str(value) for value in values]
    return [None if text is None else _TRUTH.get(text, text) for text in texts]


def _number_row(text: str, found: NumberComparison) -> Row:
    write = _mean if found.normal else _median
    return (text, *map(write, found.groups), found.test, p_value(found.p))


def _mean(one: NumberSummary) -> str:
    return f"{figure(one.mean, 1)} ± {figure(one.sd, 1)}" if one.n else NONE


def _median(one: NumberSummary) -> str:
    return f"{figure(one.median, 1)} ({figure(one.q1, 1)}–{figure(one.q3, 1)})" if one.n else NONE


def _category_rows(text: str, found: CategoryComparison) -> Iterator[Row]:
    totals = [sum(one[i] for one in found.counts) for i in range(len(found.missing))]
    if set(found.levels) <= {"yes", "no"}:
        counts = found.counts[found.levels.index("yes")] if "yes" in found.levels else (0,) * len(totals)
        yield (text, *map(count_of, counts, totals), found.test, p_value(found.p))
        return
    yield (text, *[""] * len(totals), found.test, p_value(found.p))
    for level, counts in zip(found.levels, found.counts, strict=True):
        yield (f"   {level_text(level)}", *map(count_of, counts, totals), "", "")
