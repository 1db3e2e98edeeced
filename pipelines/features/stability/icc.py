"""Intraclass correlation: the share of the variance that lies between structures, not between repetitions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """ICC(1,1) of several features and the lower limit of its confidence interval; float64 (features,) each.

    NaN where a feature has one value throughout.
    """

    value: NDArray[np.float64]
    lower: NDArray[np.float64]


def agreement(values: NDArray[np.float64]) -> Agreement:
    """Compute ICC(1,1), one-way random effects (Shrout and Fleiss 1979), for each feature.

    Parameters
    ----------
    values : float64 array of shape (structures, repetitions, features)
        At least two of each of the first two.

    Returns
    -------
    Agreement
    """
    structures, repetitions, _ = values.shape
    means = values.mean(axis=1)  # (structures, features)
    between = repetitions * means.var(axis=0, ddof=1)
    freedom = structures * (repetitions - 1)
    within = ((values - means[:, None]) ** 2).sum(axis=(0, 1)) / freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = between / within / stats.f.ppf((1 + CONFIDENCE) / 2, structures - 1, freedom)
        lower = np.where(np.isinf(ratio), 1.0, (ratio - 1) / (ratio + repetitions - 1))
        return Agreement((between - within) / (between + (repetitions - 1) * within), lower)
