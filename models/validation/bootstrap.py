"""Confidence intervals by drawing patients with replacement.

Everything of a patient (several rows, several repeats of the cross-validation) is drawn together.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.validation.delong import auc

DRAWS: Final = 1000

Numbers = NDArray[np.float64]


def auc_interval(
    outcome: ArrayLike,
    probabilities: Sequence[ArrayLike],
    *,
    groups: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Give the 95 % interval of the mean area over repeats.

    Parameters
    ----------
    outcome : array-like of shape (n_rows,)
    probabilities : sequence of array-like of shape (n_rows,)
        One per repeat of the cross-validation; NaN where a row was not predicted.
    groups : array-like of shape (n_rows,), optional
        The patient of each row; by default each row is a patient.
    draws, seed : int
    """
    truth = np.asarray(outcome)
    scores = [np.asarray(p, dtype=np.float64) for p in probabilities]

    def mean_area(rows: NDArray[np.intp]) -> float:
        return float(np.mean([_known_auc(truth[rows], score[rows]) for score in scores]))

    return interval(mean_area, len(truth), groups=groups, draws=draws, seed=seed)


def interval(
    statistic: Callable[[NDArray[np.intp]], float],
    n_rows: int,
    *,
    groups: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Give the 2.5 % and 97.5 % quantiles of a statistic over draws of patients.

    Parameters
    ----------
    statistic : callable
        Takes the indices of the drawn rows; NaN where a draw has no answer (one class only).
    n_rows : int
    groups : array-like of shape (n_rows,), optional
    draws, seed : int
    """
    members = _members(np.arange(n_rows) if groups is None else np.asarray(groups))
    rng = np.random.default_rng(seed)
    found = np.array([statistic(_drawn(members, rng)) for _ in range(draws)])
    known = found[np.isfinite(found)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)


def _members(groups: NDArray[np.generic]) -> list[NDArray[np.intp]]:
    _, place = np.unique(groups, return_inverse=True)
    return [np.flatnonzero(place == i) for i in range(place.max() + 1)]


def _drawn(members: list[NDArray[np.intp]], rng: np.random.Generator) -> NDArray[np.intp]:
    return np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])


def _known_auc(outcome: NDArray[np.generic], score: Numbers) -> float:
    known = np.isfinite(score)
    return auc(outcome[known], score[known])
