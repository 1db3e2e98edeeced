"""The steps of feature selection, each fitted on training data only.

Zou et al. 2025: (x - median) / IQR, F-test, greedy recursive deletion of correlated features, LASSO.
Each step keeps at least one feature, so that a cohort without signal ends in an honest AUC of about .5
and not in an error.
"""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin, f_classif
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold

from models.signatures.scaling import Clip

__all__ = ["Clip", "CorrelationPruning", "LassoSelection", "UnivariateFilter", "usable_folds"]

# Penalties below a tenth of the strongest cost most of the time and win rarely: they are tried only when the
# best one so far is the last.
_STAGES: Final = ((1.0, 0.1), (0.1, 0.01))


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

    Parameters
    ----------
    alpha : float
    most : int
        At most so many are kept, those with the smallest p-values: with a strong signal a third of 28,000
        features passes, and the next steps' time and memory grow with the square of their number.

    Attributes
    ----------
    p_values_ : ndarray of shape (n_features,)
        1 for a constant feature.
    support_ : ndarray of bool, shape (n_features,)
    """

    def __init__(self, alpha: float = 0.05, most: int = 2000) -> None:
        self.alpha = alpha
        self.most = most

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Test each column of X (n_samples, n_features) against y (n_samples,)."""
        values = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = values.shape[1]
        varies = np.ptp(values, axis=0) > 1e-12
        self.p_values_ = np.ones(values.shape[1])
        if varies.any():
            # constant within each class: the F-test divides by zero and says so itself with p = 0
            with np.errstate(divide="ignore", invalid="ignore"):
                p = f_classif(values[:, varies], np.asarray(y))[1]
            self.p_values_[varies] = np.nan_to_num(p, nan=1.0)
        order = np.argsort(self.p_values_, kind="stable")
        kept = order[: self.most][self.p_values_[order[: self.most]] <= self.alpha]
        self.support_ = np.zeros(values.shape[1], dtype=bool)
        self.support_[kept] = True
        self.support_[order[0]] = True
        return self


class CorrelationPruning(_Selector):
    """Delete one of the most correlated pair of features, again and again, until none exceeds `threshold`.

    Of a pair the one more correlated with all the others that are left goes.

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
        sums = correlation.sum(axis=0)
        # Deleting never makes a new pair, so that going once through the sorted pairs is the same as
        # searching the matrix for its maximum again and again.
        for first, second in _pairs_above(correlation, self.threshold):
            if self.support_[first] and self.support_[second]:
                worse = first if sums[first] > sums[second] else second
                self.support_[worse] = False
                sums -= correlation[worse]
        return self


class LassoSelection(_Selector):
    """Keep the features with a non-zero coefficient in the LASSO whose penalty cross-validation chose.

    Parameters
    ----------
    folds : int
        Fewer where the rarer class has fewer samples.
    alphas : int
        Penalties tried per decade.
    seed : int
    keep_all : bool
        Fit and report the LASSO, but leave it to the classifier to shrink.

    Attributes
    ----------
    alpha_ : float
        The penalty chosen (the paper's lambda).
    alphas_, mse_mean_, mse_sd_ : ndarray of shape (n_alphas,)
        The penalties tried, from the strongest, and the mean and SD over folds of their squared error.
    coef_ : ndarray of shape (n_features,)
    support_ : ndarray of bool, shape (n_features,)
    """

    def __init__(self, folds: int = 10, alphas: int = 16, seed: int = 0, keep_all: bool = False) -> None:
        self.folds = folds
        self.alphas = alphas
        self.seed = seed
        self.keep_all = keep_all

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Fit the LASSO of y in {0, 1} (n_samples,) on X (n_samples, n_features)."""
        values, outcome = np.asarray(X, dtype=np.float64), np.asarray(y)
        self.n_features_in_ = values.shape[1]
        number = usable_folds(self.folds, outcome)
        folds = StratifiedKFold(number, shuffle=True, random_state=self.seed)
        strongest = max(float(_absolute_covariance(values, outcome).max()) / len(outcome), 1e-12)
        found: list[LassoCV] = []
        for high, low in _STAGES:
            penalties = strongest * np.geomspace(high, low, self.alphas)
            found.append(LassoCV(alphas=penalties, cv=folds, max_iter=20_000).fit(values, outcome))
            if found[-1].alpha_ > penalties[-1] * 1.0001:
                break
        best = min(found, key=lambda lasso: lasso.mse_path_.mean(axis=1).min())
        self.alpha_, self.coef_ = float(best.alpha_), best.coef_
        self.alphas_ = np.concatenate([lasso.alphas_ for lasso in found])
        errors = np.concatenate([lasso.mse_path_ for lasso in found])  # (n_alphas, n_folds)
        self.mse_mean_, self.mse_sd_ = errors.mean(axis=1), errors.std(axis=1)
        self.support_ = (best.coef_ != 0) | self.keep_all
        if not self.support_.any():
            self.support_[_absolute_covariance(values, outcome).argmax()] = True
        return self


def usable_folds(folds: int, outcome: NDArray[Any]) -> int:
    """Give the number of stratified folds, fewer where the rarer class has fewer samples; at least 2."""
    positive = int(np.sum(outcome == 1))
    return max(2, min(folds, positive, len(outcome) - positive))


def _pairs_above(correlation: NDArray[np.float64], threshold: float) -> list[tuple[int, int]]:
    """Pairs of features correlated above the threshold, the most correlated first."""
    first, second = np.nonzero(np.triu(correlation > threshold, 1))
    order = np.argsort(-correlation[first, second], kind="stable")
    return list(zip(first[order].tolist(), second[order].tolist(), strict=True))


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
