"""Location and scale per scanner, taken out without looking at the outcome.

ComBat's model (Johnson, Biostatistics 2007; Fortin, NeuroImage 2018) without covariates: within one role
(`ct`, `mr_sag_t2` …) every scanner shifts and stretches each feature; how much is estimated per feature and
drawn towards what the scanner does to its features on the whole (empirical Bayes), the more so the fewer
patients it has. neuroCombat 0.2.12 does not run with NumPy 2.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

Matrix = NDArray[np.float64]

SCANNER: Final = "scanner."
_STEPS: Final = 30


class TakeColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Take the named columns of a data frame as numbers, in this order."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: N803
        """Learn nothing but the number of features."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> Matrix:  # noqa: N803
        """Give an array of shape (n_samples, len(columns)); NaN where a value is missing."""
        return X[list(self.columns)].to_numpy(dtype=np.float64)

    def restricted(self, places: NDArray[np.int64]) -> Self:
        """Give the fitted step for some of its columns."""
        small = copy(self)
        small.columns = tuple(self.columns[i] for i in places)
        return small


class Harmonise(TakeColumns):
    """Take the named columns and bring every scanner's features to the training patients' common scale.

    A feature's scanner is what the column `scanner.<role>` says ("manufacturer|model|field strength or kVp").
    A scanner that was not in the training, or with too few patients there, is left as it is.

    Parameters
    ----------
    columns : tuple of str
        `<role>.<group>.<kind>.<feature>`.
    least : int
        Patients that a scanner needs to be learnt.

    Attributes
    ----------
    known_ : dict of str to tuple of str
        Role to the scanners learnt; a role with one scanner only has nothing to harmonise, and is not here.
    shift_, stretch_ : dict of (str to ndarray)
        "role/scanner" to the numbers of the role's columns: x becomes (x - shift) / stretch.
    """

    def __init__(self, columns: tuple[str, ...], least: int = 5) -> None:
        super().__init__(columns)
        self.least = least

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:  # noqa: N803
        """Learn from X (n_samples, any columns); y is not used: an outcome must not steer it."""
        super().fit(X)
        self.known_: dict[str, tuple[str, ...]] = {}
        self.shift_: dict[str, Matrix] = {}
        self.stretch_: dict[str, Matrix] = {}
        self.scanners_: dict[str, tuple[str, ...]] = {}
        for role, places in self._roles().items():
            labels = scanners_of(X, role)
            names, counts = np.unique(labels[labels != ""], return_counts=True)
            learnt = tuple(
                str(name) for name, count in zip(names, counts, strict=True) if count >= self.least
            )
            self.scanners_[role] = tuple(map(str, names))
            if len(learnt) > 1:
                self.known_[role] = learnt
                values = X[[self.columns[i] for i in places]].to_numpy(dtype=np.float64)
                self._learn(role, learnt, values, labels)
        return self

    def transform(self, X: pd.DataFrame) -> Matrix:  # noqa: N803
        """Give the harmonised columns, shape (n_samples, len(columns))."""
        values = np.array(super().transform(X))  # a copy: pandas may give a view that cannot be written to
        for role, places in self._roles().items():
            labels = scanners_of(X, role)
            for scanner in self.known_.get(role, ()):
                rows = np.flatnonzero(labels == scanner)
                key = f"{role}/{scanner}"
                block = values[np.ix_(rows, places)]
                values[np.ix_(rows, places)] = (block - self.shift_[key]) / self.stretch_[key]
        return values

    def unseen(self, X: pd.DataFrame) -> list[list[str]]:  # noqa: N803
        """Name for each sample the roles whose scanner was not learnt; empty where scanners were not told."""
        result: list[list[str]] = [[] for _ in range(len(X))]
        for role in self._roles():
            learnt = self.known_.get(role) or self.scanners_.get(role, ())
            if not learnt:
                continue
            for i, label in enumerate(scanners_of(X, role)):
                if label not in learnt:
                    result[i].append(role)
        return result

    def restricted(self, places: NDArray[np.int64]) -> Self:
        """Give the fitted step for some of its columns."""
        small = super().restricted(places)
        small.shift_, small.stretch_ = {}, {}
        for role, own in self._roles().items():
            kept = np.flatnonzero(np.isin(own, places))
            order = np.argsort([list(places).index(i) for i in own[kept]])
            for scanner in self.known_.get(role, ()):
                key = f"{role}/{scanner}"
                small.shift_[key] = self.shift_[key][kept][order]
                small.stretch_[key] = self.stretch_[key][kept][order]
        return small

    def _roles(self) -> dict[str, NDArray[np.int64]]:
        roles = [name.partition(".")[0] for name in self.columns]
        return {
            role: np.array([i for i, one in enumerate(roles) if one == role]) for role in dict.fromkeys(roles)
        }

    def _learn(self, role: str, learnt: Sequence[str], values: Matrix, labels: NDArray[Any]) -> None:
        groups = [values[labels == scanner] for scanner in learnt]
        centre, spread = _common(groups)
        for scanner, group in zip(learnt, groups, strict=True):
            shift, stretch = _shrunk((group - centre) / spread)
            # back from units of the common spread: (x - centre) / spread = (z - shift) / stretch
            self.stretch_[f"{role}/{scanner}"] = stretch
            self.shift_[f"{role}/{scanner}"] = centre + spread * shift - stretch * centre


def scanners_of(X: pd.DataFrame, role: str) -> NDArray[np.str_]:  # noqa: N803
    """Give each sample's scanner of a role; "" where it is not told."""
    name = SCANNER + role
    if name not in X:
        return np.full(len(X), "", dtype=np.str_)
    return np.array(["" if pd.isna(one) else str(one).strip() for one in X[name]], dtype=np.str_)


def _common(groups: Sequence[Matrix]) -> tuple[Matrix, Matrix]:
    """Mean of all samples and spread within scanners, per feature; where nothing varies the spread is 1."""
    everything = np.concatenate(groups)
    centre = _mean(everything)
    residuals = np.concatenate([group - _mean(group) for group in groups])
    spread = np.sqrt(_mean(residuals**2))
    return np.nan_to_num(centre), np.where(np.nan_to_num(spread) > 1e-12, np.nan_to_num(spread, nan=1.0), 1.0)


def _shrunk(z: Matrix) -> tuple[Matrix, Matrix]:
    """Shift and stretch of one scanner's features, drawn towards those of the scanner as a whole.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_features)
        In units of the common spread.

    Returns
    -------
    shift, stretch : ndarray of shape (n_features,)
        0 and 1 for a feature without values.
    """
    count = (~np.isnan(z)).sum(axis=0)
    mean = _mean(z)
    variance = _mean((z - mean) ** 2) * count / np.maximum(count - 1, 1)
    usable = (count >= 3) & (variance > 1e-12)
    if usable.sum() < 2:
        return np.where(count >= 3, np.nan_to_num(mean), 0.0), np.ones(z.shape[1])
    prior_shift, prior_spread = mean[usable].mean(), mean[usable].var(ddof=1)
    m, v = variance[usable].mean(), max(float(variance[usable].var(ddof=1)), 1e-12)
    shape, scale = m**2 / v + 2.0, m**3 / v + m  # of the inverse gamma with these moments
    shift, square = np.where(usable, mean, 0.0), np.where(usable, variance, 1.0)
    for _ in range(_STEPS):  # each given the other; settles in a few steps
        shift = (prior_spread * count * mean + square * prior_shift) / (prior_spread * count + square)
        residual = np.where(np.isnan(z), 0.0, (z - shift) ** 2).sum(axis=0)
        square = (scale + residual / 2.0) / (shape + count / 2.0 - 1.0)
    return np.where(usable, shift, 0.0), np.where(usable, np.sqrt(square), 1.0)


def _mean(values: Matrix) -> Matrix:
    there = ~np.isnan(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(total / np.where(there.any(axis=0), there.sum(axis=0), np.nan), dtype=np.float64)
