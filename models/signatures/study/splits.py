"""Every fit that a study needs, as splits of the training patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.signatures.errors import TrainingInputError
from models.signatures.study.settings import Settings
from models.validation.folds import Split, repeated_folds, sites_left_out, smaller

Outcome = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """The fits of a study.

    Attributes
    ----------
    nested, sites, permutations : list of Split
        `repeat` is the repeat of `nested`, and the number of the site or permutation.
    learning : list of list of Split
        One list for each share of the training patients.
    """

    nested: Sequence[Split]
    sites: Sequence[Split]
    learning: Sequence[Sequence[Split]]
    permutations: Sequence[Split]


def plan_of(outcome: Outcome, groups: NDArray[np.str_], sites: NDArray[np.str_], settings: Settings) -> Plan:
    """Split the training patients for all estimates.

    Parameters
    ----------
    outcome, groups, sites : ndarray of shape (n_patients,)
        Of the training patients alone.
    settings : Settings

    Raises
    ------
    TrainingInputError
        If there are fewer patients of a class than folds.
    """
    how = {"folds": settings.folds, "seed": settings.seed}
    try:
        nested = repeated_folds(outcome, groups, repeats=settings.repeats, **how)
    except ValueError as error:
        raise TrainingInputError(str(error)) from None
    first = [split for split in nested if split.repeat == 0]
    learning = [
        [smaller(split, share, outcome, groups, settings.seed + i) for i, split in enumerate(first)]
        for share in settings.learning
    ]
    return Plan(
        nested=nested,
        sites=sites_left_out(outcome, list(sites)),
        learning=[one for one in learning if all(_enough(outcome[split.train]) for split in one)],
        permutations=[
            split
            for number in range(settings.permutations or 0)
            for split in _permuted(outcome, groups, number, how)
        ],
    )


def permuted(outcome: Outcome, groups: NDArray[np.str_], number: int, seed: int) -> Outcome:
    """Shuffle the outcome between patients; rows of one patient keep one outcome if they had one.

    Parameters
    ----------
    outcome : ndarray of int, shape (n_rows,)
    groups : ndarray of str, shape (n_rows,)
    number : int
        Which of the permutations.
    seed : int
    """
    rng = np.random.default_rng([seed, number])
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    if (outcome == outcome[first][place]).all():
        return np.asarray(rng.permutation(outcome[first])[place], dtype=np.int64)
    return rng.permutation(outcome)


def _permuted(outcome: Outcome, groups: NDArray[np.str_], number: int, how: dict[str, int]) -> list[Split]:
    shuffled = permuted(outcome, groups, number, how["seed"])
    return [
        Split(f"permutation {number + 1} {split.name}", number, split.train, split.test)
        for split in repeated_folds(shuffled, groups, repeats=1, **how)
    ]


def _enough(outcome: Outcome) -> bool:
    """Whether inner folds can still be made."""
    return min(int((outcome == value).sum()) for value in (0, 1)) >= 6
