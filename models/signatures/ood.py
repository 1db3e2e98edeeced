"""How far a patient lies from the training patients, in the features that the model weighs."""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.covariance import LedoitWolf
from sklearn.model_selection import KFold

Matrix = NDArray[np.float64]

QUANTILE: Final = 0.99


class Novelty(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Mahalanobis distance with the covariance of Ledoit and Wolf (2004), and a limit for it.

    Parameters
    ----------
    quantile : float
        Share of training patients that lie within the limit, each measured by a fit without them: measured by
        a fit with them they would lie too near, the more so the more features there are.
    folds, seed : int

    Attributes
    ----------
    location_ : ndarray of shape (n_features,)
    precision_ : ndarray of shape (n_features, n_features)
    limit_ : float
        Of the squared distance.
    """

    def __init__(self, quantile: float = QUANTILE, folds: int = 5, seed: int = 0) -> None:
        self.quantile = quantile
        self.folds = folds
        self.seed = seed

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn from standardised features X (n_samples, n_features) without NaN; y is not used."""
        values = np.asarray(X, dtype=np.float64)
        unseen = np.empty(len(values))
        for train, test in KFold(self.folds, shuffle=True, random_state=self.seed).split(values):
            unseen[test] = _squared(values[test], *_shape(values[train]))
        self.location_, self.precision_ = _shape(values)
        self.limit_ = float(np.quantile(unseen, self.quantile))
        return self

    def score(self, X: ArrayLike, y: Any = None) -> Matrix:  # noqa: N803
        """Give squared distances in units of the limit, shape (n_samples,): above 1 is far out."""
        return _squared(np.asarray(X, dtype=np.float64), self.location_, self.precision_) / self.limit_


def _shape(values: Matrix) -> tuple[Matrix, Matrix]:
    fitted = LedoitWolf().fit(values)
    return fitted.location_, fitted.precision_


def _squared(values: Matrix, location: Matrix, precision: Matrix) -> Matrix:
    centred = values - location
    return np.asarray(np.einsum("ij,jk,ik->i", centred, precision, centred), dtype=np.float64)
