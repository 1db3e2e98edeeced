"""All figures of one model in one set of patients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.validation import bootstrap, delong
from models.validation.calibration import brier, calibration_line
from models.validation.decision import confusion

Numbers = NDArray[np.float64]


def figures(
    outcome: ArrayLike,
    probabilities: Sequence[ArrayLike],
    *,
    threshold: float,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure discrimination, calls at a threshold, and calibration.

    Parameters
    ----------
    outcome : array-like of shape (n_rows,)
    probabilities : sequence of array-like of shape (n_rows,)
        One per repeat; NaN where a row was not predicted. Figures are means over the repeats: the mean
        *probability* over repeats would be another, better model than the one that is delivered.
    threshold : float
        Probability from which a patient counts as called.
    groups : array-like of shape (n_rows,), optional
        The patient of each row, for the bootstrap.
    seed : int

    Returns
    -------
    dict
        `auc`, `auc_ci` (bootstrap over patients, 95 %), `auc_by_repeat`, `accuracy`, `sensitivity`,
        `specificity`, `f1`, `brier`, `calibration_slope`, `calibration_intercept`; None for what cannot be
        computed (one class only).
    """
    truth = np.asarray(outcome)
    each = [_once(truth, np.asarray(p, dtype=np.float64), threshold) for p in probabilities]
    mean = {key: plain(float(np.mean([one[key] for one in each]))) for key in each[0]}
    ci = bootstrap.auc_interval(truth, probabilities, groups=groups, seed=seed)
    known = None if mean["auc"] is None else [plain(limit) for limit in ci]
    return mean | {"auc_ci": known, "auc_by_repeat": [plain(one["auc"]) for one in each]}


def plain(value: float) -> float | None:
    """Give a number as JSON has it: six decimals, None for what is not finite."""
    return round(float(value), 6) if np.isfinite(value) else None


def _once(outcome: NDArray[Any], probability: Numbers, threshold: float) -> dict[str, float]:
    known = np.isfinite(probability)
    truth, p = outcome[known], probability[known]
    calls = confusion(truth, p >= threshold)
    slope, intercept = calibration_line(truth, p)
    return {
        "auc": delong.auc(truth, p),
        "accuracy": calls.accuracy,
        "sensitivity": calls.sensitivity,
        "specificity": calls.specificity,
        "f1": calls.f1,
        "brier": brier(truth, p),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }
