"""How each signature came about: the LASSO's error over penalties, its paths, and what it kept."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import lasso_path

from models.signatures.classifiers import BestClassifier
from models.signatures.selection import LassoSelection
from models.signatures.study.fits import SIGNATURES, Fitted, names_before

_DIGITS: Final = 6


def selection(
    fitted: Fitted,
    frame: pd.DataFrame,
    outcome: NDArray[np.int64],
    frequency: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Give selection.json.

    Parameters
    ----------
    fitted : Fitted
        The final models.
    frame : DataFrame of n rows
        What they were fitted on.
    outcome : ndarray of int, shape (n,)
    frequency : mapping
        Signature to feature to the share of nested fits that selected it.
    """
    found = {name: fitted.models.get(model) for name, model in SIGNATURES.items()}
    return {
        name: _signature(model, frame, outcome, frequency.get(name, {}))
        for name, model in found.items()
        if isinstance(model, BestClassifier)
    }


def _signature(
    model: BestClassifier, frame: pd.DataFrame, outcome: NDArray[np.int64], frequency: Mapping[str, float]
) -> dict[str, Any]:
    lasso: LassoSelection = model.prepare_["lasso"]
    values = model.prepare_[:-1].transform(frame)
    names = names_before(model.prepare_, "lasso")
    penalties, order = np.unique(lasso.alphas_, return_index=True)
    penalties, order = penalties[::-1], order[::-1]  # the strongest first, each once
    # as LassoCV does: both centred, so that the path has no intercept
    _, paths, _ = lasso_path(
        values - values.mean(axis=0), outcome - outcome.mean(), alphas=penalties, max_iter=20_000
    )
    entered = np.flatnonzero((paths != 0).any(axis=1))
    kept = np.flatnonzero(lasso.coef_)
    return {
        "lambda": float(lasso.alpha_),
        "lambdas": _rounded(penalties),
        "mse_mean": _rounded(lasso.mse_mean_[order]),
        "mse_sd": _rounded(lasso.mse_sd_[order]),
        "path": {names[i]: _rounded(paths[i]) for i in entered},
        "selected": [
            {
                "feature": names[i],
                "coefficient": round(float(lasso.coef_[i]), _DIGITS),
                "frequency": round(frequency.get(names[i], 0.0), 4),
            }
            for i in sorted(kept, key=lambda i: -abs(lasso.coef_[i]))
        ],
    }


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
