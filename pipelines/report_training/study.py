"""The training output that a report is written from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError

CODE: Final = "REPORT_INPUT"
SCHEMA: Final = 1
_REQUIRED: Final = ("predictor", "title", "recipe", "n", "events", "models")
_COLUMNS: Final = ("patient", "site", "outcome", "set", "model", "repeat", "probability")
_TEXTS: Final = {"patient": str, "site": str, "set": str, "model": str}


@dataclass(frozen=True, slots=True)
class Scores:
    """One model's probabilities in one set of patients, once.

    Attributes
    ----------
    outcome : ndarray of int, shape (n_patients,)
    probability : ndarray of float, shape (n_patients,)
    """

    outcome: NDArray[np.int64]
    probability: NDArray[np.float64]

    @property
    def both(self) -> bool:
        """Whether there are patients with and without the outcome."""
        return 0 < int(self.outcome.sum()) < len(self.outcome)


@dataclass(frozen=True)
class Study:
    """A training output; `predictions` and `clinical` are None where study/ was left at the site."""

    directory: Path
    metrics: Mapping[str, Any]
    predictions: pd.DataFrame | None
    selection: Mapping[str, Any]
    clinical: pd.DataFrame | None
    cohort: Mapping[str, Any]
    description: Mapping[str, Any]
    manifest: Mapping[str, Any]
    card: str

    @property
    def models(self) -> tuple[str, ...]:
        """The models there are, single sources first."""
        order = ("radiomics", "deep", "clinical", "combined")
        return tuple(sorted(self.metrics["models"], key=lambda one: order.index(one) if one in order else 9))

    @property
    def headline(self) -> str:
        """The model that the first page is about."""
        named = self.metrics.get("headline")
        return str(named) if named in self.metrics["models"] else self.models[-1]

    @property
    def optimistic(self) -> bool:
        """Whether the first page has no figure but those of patients that the model has seen."""
        return (self.of(self.headline).get("nested") or {}).get("auc") is None

    @property
    def demonstration(self) -> bool:
        """Whether the patients are simulated."""
        settings = self.manifest.get("settings") or {}
        return bool(settings.get("demonstration") or self.metrics.get("demonstration"))

    @property
    def other_sites(self) -> tuple[int, int]:
        """Of the patients kept out of training: how many come from sites that training lacks, and all."""
        if self.predictions is None:
            return 0, 0
        rows = self.predictions[["patient", "site", "set"]].drop_duplicates()
        outside, inside = rows[rows["set"] == "external"], rows[rows["set"] == "nested"]
        new = outside["site"].notna() & ~outside["site"].isin(set(inside["site"].dropna()))
        return int(new.sum()), len(outside)

    @property
    def outside(self) -> str:
        """What to call them: external only where all come from other sites."""
        new, total = self.other_sites
        return "External patients" if total and new == total else "Patients kept out of training"

    def of(self, model: str) -> Mapping[str, Any]:
        """Give a model's part of the metrics."""
        return self.metrics["models"].get(model) or {}

    def scores(self, model: str, set_: str) -> tuple[Scores, ...]:
        """Give a model's probabilities in a set, one entry per repeat; empty where there are none."""
        if self.predictions is None:
            return ()
        rows = self.predictions
        rows = rows[(rows["model"] == model) & (rows["set"] == set_)].dropna(subset="probability")
        return tuple(
            Scores(one["outcome"].to_numpy(np.int64), one["probability"].to_numpy(np.float64))
            for _, one in rows.groupby("repeat")
        )


def read_study(directory: Path) -> Study:
    """Read a training output.

    Raises
    ------
    InputError
        REPORT_INPUT: the folder is none of a training, or one of its files is damaged; names the file.
    """
    metrics = _metrics(directory)
    study = directory / "study"
    return Study(
        directory=directory,
        metrics=metrics,
        predictions=_table(study / "predictions.csv", _COLUMNS),
        selection=_optional(study / "selection.json"),
        clinical=_table(study / "clinical.csv", ("patient", "outcome")),
        cohort=_optional(study / "cohort.json"),
        description=_description(directory / "predictor.json"),
        manifest=_optional(directory / "manifest.json"),
        card=_card(directory / "MODEL_CARD.md"),
    )


def _metrics(directory: Path) -> Mapping[str, Any]:
    path = directory / "metrics.json"
    if not path.is_file():
        what = "there is no metrics.json in it" if directory.is_dir() else "there is no such folder"
        raise InputError(CODE, f"{directory}: {what}; name the --out folder of `lumbar-node train`")
    metrics = _json(path)
    if metrics.get("schema") != SCHEMA:
        text = f"{path}: schema {metrics.get('schema')!r}, this version reads {SCHEMA}; train anew"
        raise InputError(CODE, text)
    if missing := [key for key in _REQUIRED if key not in metrics]:
        raise InputError(CODE, f"{path}: lacks {', '.join(missing)}; train anew")
    if not isinstance(metrics["models"], dict) or not metrics["models"]:
        raise InputError(CODE, f'{path}: names no model under "models"; train anew')
    return metrics


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(CODE, f"{path}: cannot be read: {error}; train anew") from None
    if not isinstance(values, dict):
        raise InputError(CODE, f"{path}: must hold one JSON object; train anew")
    return values


def _optional(path: Path) -> dict[str, Any]:
    return _json(path) if path.is_file() else {}


def _description(path: Path) -> dict[str, Any]:
    values = _optional(path)
    inner = values.get("description")
    return inner if isinstance(inner, dict) else values


def _card(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, dtype=_TEXTS, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(CODE, f"{path}: cannot be read: {error}; train anew") from None
    if missing := [name for name in columns if name not in table.columns]:
        raise InputError(CODE, f"{path}: lacks the columns {', '.join(missing)}; train anew")
    if len(columns) == len(_COLUMNS):
        _check_numbers(path, table)
    return table


def _check_numbers(path: Path, table: pd.DataFrame) -> None:
    for column, low, high in (("outcome", 0, 1), ("probability", 0, 1)):
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = table.index[(numbers.isna() & table[column].notna()) | (numbers < low) | (numbers > high)]
        if len(wrong):
            where, value = f"line {wrong[0] + 2}, {column}", table.loc[wrong[0], column]
            raise InputError(CODE, f"{path}: {where}: {value} is not within {low} to {high}; train anew")
