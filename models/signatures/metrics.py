"""How well probabilities tell patients apart and how well they are calibrated."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.signatures.combined import log_odds


def measured(outcome: NDArray[np.int64], probability: NDArray[np.float64]) -> dict[str, float]:
    """Measure discrimination and calibration on patients the model has not seen.

    Parameters
    ----------
    outcome : ndarray of int, shape (n_patients,)
    probability : ndarray of shape (n_patients,)

    Returns
    -------
    dict
        `auc`; `brier`; `calibration_slope` (1 is right, below 1 is overconfident) and
        `calibration_intercept` of the logistic regression of the outcome on the log-odds.
    """
    intercept, slope = _recalibration(outcome, log_odds(probability))
    return {
        "auc": round(float(roc_auc_score(outcome, probability)), 4),
        "brier": round(float(brier_score_loss(outcome, probability)), 4),
        "calibration_slope": round(slope, 3),
        "calibration_intercept": round(intercept, 3),
    }


def _recalibration(outcome: NDArray[np.int64], odds: NDArray[np.float64]) -> tuple[float, float]:
    def loss(b: NDArray[np.float64]) -> float:
        eta = b[0] + b[1] * odds
        return float(np.mean(np.logaddexp(0.0, eta) - outcome * eta))

    def slope(b: NDArray[np.float64]) -> NDArray[np.float64]:
        error = expit(b[0] + b[1] * odds) - outcome
        return np.array([error.mean(), (error * odds).mean()])

    best = minimize(loss, np.array([0.0, 1.0]), jac=slope, method="BFGS").x
    return float(best[0]), float(best[1])
