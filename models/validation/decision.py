"""What calling patients at a threshold brings: confusion, and net benefit (Vickers and Elkin 2006)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Patients by outcome and call; shares are NaN where nothing is divided."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def accuracy(self) -> float:
        """Share of right calls."""
        return _share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def sensitivity(self) -> float:
        """Share of the patients with the outcome who are called."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of the patients without the outcome who are not called."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and positive predictive value."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def confusion(outcome: ArrayLike, called: ArrayLike) -> Confusion:
    """Count patients by outcome and call, both 0 and 1 (or bool)."""
    truth, call = np.asarray(outcome) == 1, np.asarray(called).astype(bool)
    counts = ((truth & call), (~truth & call), (truth & ~call), (~truth & ~call))
    return Confusion(*(int(count.sum()) for count in counts))


@dataclass(frozen=True, slots=True)
class DecisionCurve:
    """Net benefit per patient over thresholds; treating nobody has 0.

    Attributes
    ----------
    thresholds, model, treat_all : ndarray of shape (n_thresholds,)
    """

    thresholds: Numbers
    model: Numbers
    treat_all: Numbers


def decision_curve(
    outcome: ArrayLike, probability: ArrayLike, thresholds: ArrayLike | None = None
) -> DecisionCurve:
    """Give the net benefit: TP/n - FP/n * t/(1 - t), t the threshold probability.

    Parameters
    ----------
    outcome : array-like of shape (n_patients,)
    probability : array-like of shape (n_patients,)
        At the threshold a patient is called.
    thresholds : array-like, optional
        Within (0, 1); by default .01, .02 … .99.
    """
    truth, p = np.asarray(outcome) == 1, np.asarray(probability, dtype=np.float64)
    steps = np.arange(1, 100) / 100 if thresholds is None else np.asarray(thresholds, dtype=np.float64)
    if np.any((steps <= 0) | (steps >= 1)):
        raise ValueError("thresholds of a decision curve must lie between 0 and 1")
    weight = steps / (1 - steps)
    called = p[None, :] >= steps[:, None]  # (n_thresholds, n_patients)
    true, false = (called & truth).mean(axis=1), (called & ~truth).mean(axis=1)
    prevalence = truth.mean()
    return DecisionCurve(steps, true - false * weight, prevalence - (1 - prevalence) * weight)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
