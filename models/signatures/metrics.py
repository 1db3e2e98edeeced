"""How well probabilities tell patients apart and how well they are calibrated."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.signatures.combined import log_odds
from models.validation.calibration import logistic_line


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
    intercept, slope = logistic_line(outcome, log_odds(probability))
    return {
        "auc": round(float(roc_auc_score(outcome, probability)), 4),
        "brier": round(float(brier_score_loss(outcome, probability)), 4),
        "calibration_slope": round(slope, 3),
        "calibration_intercept": round(intercept, 3),
    }
