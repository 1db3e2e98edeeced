"""Who trains and who is tested. A patient's rows never stand on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """One fit: rows to train on, rows to test on.

    Attributes
    ----------
    name : str
        Unique among the splits of one estimate; names its file in the cache.
    repeat : int
    train, test : ndarray of int
        Indices of rows.
    """

    name: str
    repeat: int
    train: Rows
    test: Rows


def repeated_folds(
    outcome: ArrayLike, groups: ArrayLike, *, folds: int, repeats: int, seed: int
) -> list[Split]:
    """Split into stratified folds, grouped by patient, several times; every row is tested once per repeat.

    Parameters
    ----------
    outcome : array-like of shape (n_rows,)
    groups : array-like of shape (n_rows,)
        The patient of each row.
    folds, repeats : int
    seed : int

    Raises
    ------
    ValueError
        If a class has fewer patients than there are folds.
    """
    truth, patients = np.asarray(outcome), _codes(groups)
    fewest = min(len(np.unique(patients[truth == value])) for value in (0, 1))
    if fewest < folds:
        raise ValueError(
            f"{folds} folds need at least {folds} patients of each class; the smaller has {fewest}: "
            f"give --folds {max(fewest, 2)} or fewer"
        )
    result = []
    for repeat in range(repeats):
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed + repeat)
        for fold, (train, test) in enumerate(splitter.split(truth, truth, patients)):
            result.append(Split(f"repeat {repeat + 1} fold {fold + 1}", repeat, train, test))
    return result


def sites_left_out(outcome: ArrayLike, sites: Sequence[str], *, least: int = 5) -> list[Split]:
    """Leave out each site in turn.

    Parameters
    ----------
    outcome : array-like of shape (n_rows,)
    sites : sequence of str
        "" where it is not known: such rows train and are not tested.
    least : int
        Patients of each class that must be left to train on.

    Returns
    -------
    list of Split
        Empty with fewer than two sites. A site whose absence leaves too little to train on is left out.
    """
    truth, place = np.asarray(outcome), np.asarray(sites, dtype=object)
    names = sorted(set(place) - {""})
    if len(names) < 2:
        return []
    found = []
    for number, name in enumerate(names):
        train, test = np.flatnonzero(place != name), np.flatnonzero(place == name)
        if min((truth[train] == value).sum() for value in (0, 1)) >= least:
            found.append(Split(f"site {number + 1}", number, train, test))
    return found


def smaller(split: Split, share: float, outcome: ArrayLike, groups: ArrayLike, seed: int) -> Split:
    """Keep a share of each class of the patients that a split trains on; the test stays as it is."""
    truth, patients = np.asarray(outcome)[split.train], _codes(groups)[split.train]
    rng = np.random.default_rng(seed)
    kept = set()
    for value in (0, 1):
        own = np.unique(patients[truth == value])
        kept |= set(rng.permutation(own)[: max(2, round(share * len(own)))].tolist())
    rows = split.train[np.isin(patients, list(kept))]
    return Split(f"{split.name} {round(100 * share)} percent", split.repeat, rows, split.test)


def _codes(groups: ArrayLike) -> NDArray[np.intp]:
    codes: NDArray[np.intp] = np.unique(np.asarray(groups), return_inverse=True)[1]
    return codes
