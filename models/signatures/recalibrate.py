"""A model's probabilities brought to another site's level: the order of its patients stays as it is."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from models.signatures.combined import log_odds
from models.signatures.errors import TrainingInputError

Vector = NDArray[np.float64]

#: Events, and patients without, that a slope needs; an intercept alone is what fewer can carry.
SLOPE_NEEDS: Final = 100
LEAST: Final = 20


@dataclass(frozen=True)
class Recalibration:
    """Log-odds become intercept + slope x log-odds."""

    intercept: float = 0.0
    slope: float = 1.0

    @classmethod
    def fit(cls, outcome: NDArray[np.int64], probability: Vector, *, least: int = LEAST) -> Self:
        """Fit to patients of the site, none of whom the model was trained on.

        Parameters
        ----------
        outcome : ndarray of int, shape (n_patients,)
        probability : ndarray of shape (n_patients,)
            The model's, as they are now.
        least : int
            Fewest patients.

        Raises
        ------
        TrainingInputError
            With fewer patients, or one class only.
        """
        events = int(outcome.sum())
        if len(outcome) < least or events in (0, len(outcome)):
            raise TrainingInputError(
                f"{len(outcome)} patients with its inputs, {events} with the outcome; recalibration needs at "
                f"least {least}, and both classes"
            )
        both = min(events, len(outcome) - events) >= SLOPE_NEEDS
        intercept, slope = fitted(outcome, log_odds(probability), slope=both)
        return cls(intercept, slope)

    def apply(self, probability: Vector) -> Vector:
        """Give the recalibrated probabilities."""
        if self == Recalibration():
            return np.asarray(probability, dtype=np.float64)
        return np.asarray(expit(self.intercept + self.slope * log_odds(probability)), dtype=np.float64)

    def after(self, earlier: "Recalibration") -> "Recalibration":
        """Join with the one that was applied before."""
        return Recalibration(self.intercept + self.slope * earlier.intercept, self.slope * earlier.slope)


def fitted(outcome: NDArray[np.int64], odds: Vector, *, slope: bool) -> tuple[float, float]:
    """Fit intercept and, if wanted, slope by maximum likelihood; without, the slope is 1."""

    def pair(b: Vector) -> tuple[float, float]:
        return float(b[0]), float(b[1]) if slope else 1.0

    def loss(b: Vector) -> float:
        first, second = pair(b)
        eta = first + second * odds
        return float(np.mean(np.logaddexp(0.0, eta) - outcome * eta))

    def gradient(b: Vector) -> Vector:
        first, second = pair(b)
        error = expit(first + second * odds) - outcome
        return np.array([error.mean(), (error * odds).mean()])[: len(b)]

    start = np.array([0.0, 1.0] if slope else [0.0])
    return pair(minimize(loss, start, jac=gradient, method="BFGS").x)
