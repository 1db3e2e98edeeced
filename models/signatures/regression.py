"""Logistic regression of clinical variables, univariable and multivariable: p-values and odds ratios."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin

from models.signatures.clinical import variable_of

Matrix = NDArray[np.float64]

_LIMIT: Final = 30.0  # |log-odds| beyond which a coefficient only says that the classes separate


@dataclass(frozen=True)
class Effect:
    """One column in a logistic regression.

    Attributes
    ----------
    variable, column : str
        "diagnosis", "clinical.diagnosis=spondylolisthesis".
    odds_ratio, low, high : float
        Per unit of the column, with the 95 % confidence interval (Wald).
    p : float
        Of the column (Wald).
    p_variable : float
        Of the whole variable (likelihood ratio): a category's columns stand or fall together.
    """

    variable: str
    column: str
    odds_ratio: float
    low: float
    high: float
    p: float
    p_variable: float

    def as_dict(self) -> dict[str, Any]:
        """Give plain values, for JSON."""
        return asdict(self)


def univariable(X: Matrix, y: ArrayLike, columns: Sequence[str]) -> tuple[Effect, ...]:  # noqa: N803
    """Regress the outcome on each variable alone.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        May hold NaN: a sample without the variable is left out of its regression.
    y : array-like of int, shape (n_samples,)
    columns : sequence of str
        As `models.signatures.clinical.encode` names them.
    """
    effects: list[Effect] = []
    for variable in dict.fromkeys(map(variable_of, columns)):
        places = [i for i, name in enumerate(columns) if variable_of(name) == variable]
        effects += multivariable(X[:, places], y, [columns[i] for i in places])
    return tuple(effects)


def multivariable(X: Matrix, y: ArrayLike, columns: Sequence[str]) -> tuple[Effect, ...]:  # noqa: N803
    """Regress the outcome on all columns together; parameters as of `univariable`."""
    outcome = np.asarray(y, dtype=np.float64)
    whole = ~np.isnan(X).any(axis=1)
    values, outcome = X[whole], outcome[whole]
    varying = [i for i in range(values.shape[1]) if len(values) and np.ptp(values[:, i]) > 0]
    if not varying or outcome.min(initial=1) == outcome.max(initial=0):
        return tuple(_nothing(name) for name in columns)
    fitted = _fit(values[:, varying], outcome)
    p_of = _variable_p([columns[i] for i in varying], values[:, varying], outcome, float(fitted.llf))
    limits = np.clip(fitted.conf_int(), -_LIMIT, _LIMIT)
    effects = []
    for i, name in enumerate(columns):
        if i not in varying:
            effects.append(_nothing(name))
            continue
        at = varying.index(i) + 1  # behind the intercept
        size = float(np.clip(fitted.params[at], -_LIMIT, _LIMIT))
        low, high = (float(np.exp(one)) for one in limits[at])
        p = float(np.nan_to_num(fitted.pvalues[at], nan=1.0))
        effects.append(
            Effect(variable_of(name), name, float(np.exp(size)), low, high, p, p_of[variable_of(name)])
        )
    return tuple(effects)


class ClinicalScreen(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Keep the clinical variables that univariable logistic regression finds, and every other column.

    Parameters
    ----------
    columns : tuple of str
        Names of the inputs' columns; those not called `clinical.*` are always kept.
    alpha : float
        A variable whose p (likelihood ratio) is above it goes.
    at_least : int
        So many clinical variables stay whatever their p: the clinical model needs one.

    Attributes
    ----------
    support_ : ndarray of bool, shape (n_columns,)
    """

    def __init__(self, columns: tuple[str, ...], alpha: float = 0.05, at_least: int = 1) -> None:
        self.columns = columns
        self.alpha = alpha
        self.at_least = at_least

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Regress y (n_samples,) on the variables of X (n_samples, n_columns) one by one."""
        values = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = values.shape[1]
        clinical = [i for i, name in enumerate(self.columns) if name.startswith("clinical.")]
        found = univariable(values[:, clinical], y, [self.columns[i] for i in clinical])
        p_of = {effect.variable: effect.p_variable for effect in found}
        ranked = sorted(p_of, key=lambda name: p_of[name])
        kept = {name for name in ranked if p_of[name] <= self.alpha} | set(ranked[: self.at_least])
        self.support_ = np.array(
            [not name.startswith("clinical.") or variable_of(name) in kept for name in self.columns],
            dtype=bool,
        )
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _variable_p(columns: Sequence[str], values: Matrix, outcome: Matrix, full: float) -> dict[str, float]:
    """Likelihood ratio test of each variable against the model without it."""
    names = [variable_of(name) for name in columns]
    result = {}
    for variable in dict.fromkeys(names):
        others = [i for i, name in enumerate(names) if name != variable]
        less = float(_fit(values[:, others], outcome).llf)
        degrees = len(names) - len(others)
        result[variable] = float(chi2.sf(max(2 * (full - less), 0.0), degrees))
    return result


def _fit(values: Matrix, outcome: Matrix) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separable classes: the likelihood ratio stands, Wald's p is 1
        model = sm.GLM(outcome, sm.add_constant(values, has_constant="add"), family=sm.families.Binomial())
        return model.fit(maxiter=50)


def _nothing(column: str) -> Effect:
    return Effect(variable_of(column), column, 1.0, 0.0, float("inf"), 1.0, 1.0)
