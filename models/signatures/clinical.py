"""Clinical variables as columns of numbers."""

from collections.abc import Mapping
from typing import Any, Final

#: Indications for lumbar fusion; the first three are the degenerative diseases of Zou et al. 2025.
DIAGNOSES: Final = ("disc_herniation", "spinal_stenosis", "spondylolisthesis", "other")

PREFIX: Final = "clinical."


def encode(values: Mapping[str, Any]) -> dict[str, float]:
    """Turn clinical variables into named numbers.

    Parameters
    ----------
    values : mapping
        Any of `age` (years), `bmi` (kg/m2), `segments` (count), `osteoporosis` (bool), `sex` ("M", "F") and
        `diagnosis` (one of DIAGNOSES); None and other keys add nothing.

    Returns
    -------
    dict of str to float
        `clinical.age`, `clinical.osteoporosis`, `clinical.sex=M`, `clinical.diagnosis=spinal_stenosis` …
        `other` is the diagnosis all others are compared with and has no column.
    """
    known = {key: value for key, value in values.items() if value is not None}
    row = {
        PREFIX + key: float(known[key]) for key in ("age", "bmi", "segments", "osteoporosis") if key in known
    }
    if "sex" in known:
        row[f"{PREFIX}sex=M"] = float(known["sex"] == "M")
    if "diagnosis" in known:
        row |= {f"{PREFIX}diagnosis={name}": float(known["diagnosis"] == name) for name in DIAGNOSES[:-1]}
    return row


def columns_of(variables: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns that `encode` makes of these variables, in a fixed order."""
    example = {"age": 0, "bmi": 0, "segments": 0, "osteoporosis": 0, "sex": "M", "diagnosis": DIAGNOSES[0]}
    return tuple(encode({name: example[name] for name in variables}))


def variable_of(column: str) -> str:
    """Give the variable a column was made of: "clinical.diagnosis=other" is "diagnosis"."""
    return column.removeprefix(PREFIX).partition("=")[0]
