"""The steps of feature selection, each fitted on training data only.

Zou et al. 2025: (x - median) / IQR, F-test, greedy recursive deletion of correlated features, LASSO.
Each step keeps at least one feature, so that a cohort without signal ends in an honest AUC of about .5
and not in an error.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_selection import SelectorMixin, f_classif
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold


class Clip(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Keep standardised values within limits: beyond them a linear model only extrapolates.

    Parameters
    ----------
    limit : float
        Values are kept within [-limit, limit]; a value at the limit counts as out of range.
    """

    def __init__(self, limit: float = 3.0) -> None:
        self.limit = limit

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn nothing but the number of features."""
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Clip an array-like of shape (n_samples, n_features)."""
        return np.clip(np.asarray(X, dtype=np.float64), -self.limit, self.limit)


class _Selector(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Base of the steps that keep some of the columns; `support_` says which."""

    support_: NDArray[np.bool_]

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class UnivariateFilter(_Selector):
    """Drop the features whose F-test between the two classes has a p-value above `alpha`.

    Attributes
    ----------
    p_values_ : ndarray of shape (n_features,)
        1 for a constant feature.
    support_ : ndarray of bool, shape (n_features,)
    """

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Test each column of X (n_samples, n_features) against y (n_samples,)."""
        values = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = values.shape[1]
        varies = np.ptp(values, axis=0) > 1e-12
        self.p_values_ = np.ones(values.shape[1])
        if varies.any():
            self.p_values_[varies] = f_classif(values[:, varies], np.asarray(y))[1]
        self.support_ = self.p_values_ <= self.alpha
        self.support_[np.argmin(self.p_values_)] = True
        return self


class CorrelationPruning(_Selector):
    """Delete one of the most correlated pair of features, again and again, until none exceeds `threshold`.

    Of a pair the one more correlated with all the others goes.

    Attributes
    ----------
    support_ : ndarray of bool, shape (n_features,)
    """

    def __init__(self, threshold: float = 0.9) -> None:
        self.threshold = threshold

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:  # noqa: N803
        """Compare the columns of X (n_samples, n_features); y is not used."""
        correlation = _absolute_correlation(np.asarray(X, dtype=np.float64))
        self.n_features_in_ = len(correlation)
        self.support_ = np.ones(len(correlation), dtype=bool)
        while correlation.max() > self.threshold:
            first, second = np.unravel_index(correlation.argmax(), correlation.shape)
            worse = first if correlation[first].sum() > correlation[second].sum() else second
            self.support_[worse] = False
            correlation[worse, :] = correlation[:, worse] = 0.0
        return self


class LassoSelection(_Selector):
    """Keep the features with a non-zero coefficient in the LASSO whose penalty cross-validation chose.

    Attributes
    ----------
    alpha_ : float
        The penalty chosen (the paper's lambda).
    coef_ : ndarray of shape (n_features,)
    support_ : ndarray of bool, shape (n_features,)
    """

    def __init__(self, folds: int = 10, alphas: int = 30, seed: int = 0) -> None:
        self.folds = folds
        self.alphas = alphas
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Fit the LASSO of y in {0, 1} (n_samples,) on X (n_samples, n_features)."""
        values, outcome = np.asarray(X, dtype=np.float64), np.asarray(y)
        self.n_features_in_ = values.shape[1]
        folds = StratifiedKFold(self.folds, shuffle=True, random_state=self.seed)
        # eps 1e-2: weaker penalties than a hundredth of the strongest never win and cost most of the time
        lasso = LassoCV(alphas=self.alphas, eps=1e-2, cv=folds, max_iter=20_000).fit(values, outcome)
        self.alpha_ = float(lasso.alpha_)
        self.coef_ = lasso.coef_
        self.support_ = lasso.coef_ != 0
        if not self.support_.any():
            self.support_[_absolute_covariance(values, outcome).argmax()] = True
        return self


def _absolute_correlation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Pearson| of the columns, shape (p, p), zero on the diagonal and for constant columns."""
    centred = values - values.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    unit = centred / np.where(length > 0, length, 1.0)
    correlation: NDArray[np.float64] = np.abs(unit.T @ unit)
    np.fill_diagonal(correlation, 0.0)
    return correlation


def _absolute_covariance(values: NDArray[np.float64], outcome: NDArray[Any]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.abs((values - values.mean(axis=0)).T @ (outcome - outcome.mean()))
    return result
