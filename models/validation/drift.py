"""Do values still lie where they did? The population stability index of one group against the others."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS: Final = 10
LEAST: Final = 10  #: patients below which a scanner's index says nothing
_EMPTY: Final = 0.5  # of a patient: keeps the logarithm of an empty bin finite


def psi(expected: ArrayLike, actual: ArrayLike, bins: int = BINS) -> float:
    """Give the population stability index: sum of (a - e) ln(a / e) over bins of equal share in `expected`.

    Below .1 little has changed, above .25 much, by custom. Small groups scatter: two samples of n and m of
    one population have about (bins - 1) (1/n + 1/m).

    Parameters
    ----------
    expected, actual : array-like
        Values; NaN is left out. NaN is returned where one of them is empty or `expected` does not vary.
    bins : int
    """
    first, second = _known(expected), _known(actual)
    if not len(first) or not len(second) or not np.ptp(first) > 0:
        return float("nan")
    edges = np.unique(np.quantile(first, np.linspace(0, 1, bins + 1)[1:-1]))
    e, a = _shares(first, edges), _shares(second, edges)
    return float(np.sum((a - e) * np.log(a / e)))


def scanner_drift(
    values: NDArray[np.float64], scanners: NDArray[np.object_]
) -> Mapping[str, dict[str, float | int]]:
    """Give, for each scanner, the median over features of its index against all other scanners.

    Parameters
    ----------
    values : ndarray of shape (n_patients, n_features)
    scanners : ndarray of str, shape (n_patients,)
        "" where it is not known.

    Returns
    -------
    dict
        Scanner to `n`, `psi`, and `by_chance` (what two samples of these sizes of one population would have).
        Scanners with fewer than 10 patients, or with fewer than 10 others, are left out. The number of bins
        follows the scanner's patients: at most 10, and at least five patients in each.
    """
    found: dict[str, dict[str, float | int]] = {}
    for scanner in sorted(set(scanners) - {""}):
        own = scanners == scanner
        n, others = int(own.sum()), int((~own).sum())
        if min(n, others) < LEAST:
            continue
        bins = min(BINS, max(2, n // 5))
        each = np.array([psi(column[~own], column[own], bins) for column in values.T])
        known = each[np.isfinite(each)]
        if len(known):
            chance = (bins - 1) * (1 / n + 1 / others)
            found[str(scanner)] = {
                "n": n,
                "psi": round(float(np.median(known)), 4),
                "by_chance": round(chance, 4),
            }
    return found


def _known(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    filled = np.maximum(counts, _EMPTY)
    return np.asarray(filled / filled.sum(), dtype=np.float64)
