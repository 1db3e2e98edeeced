"""A generated cohort as files: the table, the truth beside it, and how it was made."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.signatures.cohorts import Plan, expected_auc, shipped_reference, simulate

FEATURES: Final = "features.parquet"
TRUTH: Final = "truth.csv"
SIMULATION: Final = "simulation.json"
NOTICE: Final = "GENERATED, NOT PATIENTS"

Array = NDArray[np.float64]


def write_features(plan: Plan, folder: Path, name: str = FEATURES) -> dict[str, Any]:
    """Draw a cohort's feature table and write it.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Made if missing; gets the table, truth.csv and simulation.json.
    name : str
        Of the table; ends in .parquet, .csv or .csv.gz.

    Returns
    -------
    dict
        The content of simulation.json.

    Raises
    ------
    ValueError
        If the plan asks for what is not allowed.
    """
    table, risk = simulate(**asdict(plan))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if name.endswith(".parquet"):
        table.to_parquet(path, index=False)
    else:
        packing: Any = {"method": "gzip", "mtime": 1} if name.endswith(".gz") else None
        table.to_csv(path, index=False, compression=packing)
    facts = {"kind": "features", "reference": shipped_reference(plan.predictor).origin}
    return write_truth(plan, folder, table, risk, facts)


def write_truth(
    plan: Plan, folder: Path, people: pd.DataFrame, risk: Array, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the true risks, and what can be known about the best possible estimate.

    Parameters
    ----------
    people : DataFrame
        Columns `patient`, `outcome` and `split`.
    risk : ndarray of shape (n_patients,)
    facts : mapping
        More to say in simulation.json.

    Returns
    -------
    dict
        The content of simulation.json: the plan, `best_possible_auc` (what to expect of the true risk in
        these people) and, by split, the AUC that it has with the outcomes that were drawn.
    """
    columns = {"patient": people["patient"], "true_risk": risk, "outcome": people["outcome"]}
    pd.DataFrame(columns).to_csv(folder / TRUTH, index=False)
    outcome = people["outcome"].to_numpy()
    simulation = {
        "notice": NOTICE,
        **asdict(plan),
        **facts,
        "events": int(outcome.sum()),
        "best_possible_auc": round(expected_auc(risk), 4),
        "auc_of_true_risk": {
            name: _auc(outcome[rows], risk[rows]) for name, rows in _parts(people["split"].to_numpy()).items()
        },
    }
    text = json.dumps(simulation, indent=2, ensure_ascii=False)
    (folder / SIMULATION).write_text(text + "\n", encoding="utf-8")
    return simulation


def _parts(split: NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
    return {"all": np.ones(len(split), dtype=bool), **{str(one): split == one for one in sorted(set(split))}}


def _auc(outcome: NDArray[np.int64], risk: Array) -> float | None:
    """Give the AUC; None where only one class was drawn."""
    return round(float(roc_auc_score(outcome, risk)), 4) if 0 < outcome.sum() < len(outcome) else None
