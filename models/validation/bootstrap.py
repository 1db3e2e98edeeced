"""Confidence intervals by drawing patients with replacement.

Everything of a patient (several rows, several repeats of the cross-validation) is drawn together.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    _, place = np.unique(np.arange(len(truth)) if groups is None else groups, return_inverse=True)
    n_patients = int(place.max()) + 1
    drawn = np.random.default_rng(seed).integers(0, n_patients, (draws, n_patients))
    times = np.stack([np.bincount(one, minlength=n_patients) for one in drawn])
    counts = times[:, place].astype(np.float64)  # how often each draw took each row
    areas = [_areas(truth, np.asarray(p, dtype=np.float64), counts) for p in probabilities]
    return _limits(np.mean(areas, axis=0))


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
    return _limits(np.array([statistic(_drawn(members, rng)) for _ in range(draws)]))


def _limits(found: Numbers) -> tuple[float, float]:
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


def _areas(outcome: NDArray[np.generic], score: Numbers, counts: Numbers) -> Numbers:
    """Give the area of each draw, shape (n_draws,), with one sort for all of them; NaN without both classes.

    Parameters
    ----------
    outcome, score : ndarray of shape (n_rows,)
        NaN in the score: the row was not predicted.
    counts : ndarray of shape (n_draws, n_rows)
    """
    known = np.isfinite(score)
    levels, place = np.unique(score[known], return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(levels)))
    weights = counts[:, known][:, order]
    positive = (np.asarray(outcome)[known] == 1)[order]
    ill = np.add.reduceat(weights * positive, starts, axis=1)  # (n_draws, n_levels)
    well = np.add.reduceat(weights * ~positive, starts, axis=1)
    below = np.cumsum(well, axis=1) - well
    pairs = ill.sum(axis=1) * well.sum(axis=1)
    won = (ill * (below + well / 2)).sum(axis=1)
    return np.asarray(won / np.where(pairs > 0, pairs, np.nan), dtype=np.float64)
