"""Class-conditional conformal sets: which of the two answers cannot be ruled out for a patient.

Of patients like those of the training, of each class apart, a share of at least `coverage` gets a set with
their true class in it (split conformal prediction, Mondrian by class; Vovk et al. 2005). A set with both
classes says that the model does not know; an empty one that the patient is unlike either.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

COVERAGE: Final = 0.9


@dataclass(frozen=True)
class ConformalSets:
    """Thresholds of the two classes.

    Attributes
    ----------
    coverage : float
        Least share of patients of either class whose set holds their class.
    limits : tuple of two floats
        A class c is in the set where 1 - p(c) is at most limits[c]; 1 where the training has too few patients
        of the class to rule anything out.
    """

    coverage: float
    limits: tuple[float, float]

    @classmethod
    def fit(cls, outcome: ArrayLike, probability: ArrayLike, coverage: float = COVERAGE) -> Self:
        """Learn from probabilities of patients that the model had not seen (out-of-fold).

        Parameters
        ----------
        outcome : array-like of int, shape (n_patients,)
        probability : array-like of shape (n_patients,)
            Of class 1.
        coverage : float
        """
        y, p = np.asarray(outcome), np.asarray(probability, dtype=np.float64)
        strangeness = (p[y == 0], 1.0 - p[y == 1])
        low, high = (_limit(one, coverage) for one in strangeness)
        return cls(coverage, (low, high))

    def classes(self, probability: float) -> tuple[int, ...]:
        """Give the classes that cannot be ruled out at this probability of class 1."""
        strangeness = (probability, 1.0 - probability)
        return tuple(c for c in (0, 1) if strangeness[c] <= self.limits[c])


def _limit(strangeness: NDArray[np.float64], coverage: float) -> float:
    """Quantile with the correction for the one new patient; 1 where it lies beyond all."""
    n = len(strangeness)
    rank = int(np.ceil((n + 1) * coverage))
    return 1.0 if rank > n else float(np.sort(strangeness)[rank - 1])
