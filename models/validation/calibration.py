"""Whether probabilities are as large as they should be.

Slope and intercept of the logistic regression of the outcome on the log-odds (Cox 1958): 1 and 0 are right, a
slope below 1 is overconfident.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

_FINITE: Final = 1e-9  # probabilities of exactly 0 and 1 have no log-odds


def brier(outcome: ArrayLike, probability: ArrayLike) -> float:
    """Give the mean squared distance of the probability from the outcome: 0 is perfect."""
    return float(np.mean((np.asarray(probability, dtype=np.float64) - np.asarray(outcome)) ** 2))


def calibration_line(outcome: ArrayLike, probability: ArrayLike) -> tuple[float, float]:
    """Give slope and intercept.

    Parameters
    ----------
    outcome : array-like of shape (n_patients,)
    probability : array-like of shape (n_patients,)

    Returns
    -------
    slope, intercept : float
        (NaN, NaN) where the outcome or the probability does not vary.
    """
    truth = np.asarray(outcome, dtype=np.float64)
    odds = logit(np.clip(np.asarray(probability, dtype=np.float64), _FINITE, 1 - _FINITE))
    if not np.ptp(truth) > 0 or not np.ptp(odds) > 1e-9:
        return float("nan"), float("nan")
    # standardised, so that log-odds far apart (a forest's 0 and 1) do not stop the search early
    centre, spread = odds.mean(), odds.std()
    a, b = logistic_line(truth, (odds - centre) / spread)
    return float(b / spread), float(a - b * centre / spread)


def logistic_line(truth: NDArray[Any], z: NDArray[np.float64]) -> tuple[float, float]:
    """Fit the logistic regression of `truth` on `z`, both (n_patients,): intercept and slope."""

    def loss(b: NDArray[np.float64]) -> float:
        eta = b[0] + b[1] * z
        return float(np.mean(np.logaddexp(0.0, eta) - truth * eta))

    def gradient(b: NDArray[np.float64]) -> NDArray[np.float64]:
        error = expit(b[0] + b[1] * z) - truth
        return np.array([error.mean(), (error * z).mean()])

    best = minimize(loss, np.zeros(2), jac=gradient, method="BFGS", options={"gtol": 1e-8}).x
    return float(best[0]), float(best[1])
