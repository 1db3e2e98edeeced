"""First order statistics of a region's values, by numpy as in PyRadiomics: sums in another order differ."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.emphasis import EPSILON


def firstorder(
    values: NDArray[np.float64], levels: Levels, voxel_volume: float, settings: Mapping[str, Any]
) -> dict[str, float]:
    """Compute the eighteen features.

    Parameters
    ----------
    values : float64 array of shape (voxels,)
    levels : Levels
        Of the same values; for entropy and uniformity.
    voxel_volume : float
        mm3
    settings : mapping
        `voxelArrayShift` is added to the values before they are squared.
    """
    share = levels.count / levels.count.sum()
    mean = values.mean()
    deviation = values - mean
    square = deviation * deviation
    variance = square.mean()
    energy = ((values + settings.get("voxelArrayShift", 0)) ** 2).sum()
    ordered = _Ordered(values, levels)
    p10, p25, p75, p90 = (ordered.quantile(percent / 100) for percent in (10, 25, 75, 90))
    middle = values[(values >= p10) & (values <= p90)]
    low, high = values.min(), values.max()
    found = {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "Entropy": -(share * np.log2(share + EPSILON)).sum(),
        "InterquartileRange": p75 - p25,
        "Kurtosis": (square * square).mean() / variance**2 if variance else 0.0,
        "Maximum": high,
        "Mean": mean,
        "MeanAbsoluteDeviation": np.abs(deviation).mean(),
        "Median": (ordered.at((values.size - 1) // 2) + ordered.at(values.size // 2)) / 2,
        "Minimum": low,
        "Range": high - low,
        "RobustMeanAbsoluteDeviation": np.abs(middle - middle.mean()).mean(),
        "RootMeanSquared": math.sqrt(energy / values.size),
        "Skewness": (square * deviation).mean() / variance**1.5 if variance else 0.0,
        "TotalEnergy": energy * voxel_volume,
        "Uniformity": (share * share).sum(),
        "Variance": variance,
    }
    return {name: float(value) for name, value in found.items()}


class _Ordered:
    """Values by their place in ascending order: levels are in order, so one level is looked at a time."""

    def __init__(self, values: NDArray[np.float64], levels: Levels) -> None:
        self._values, self._levels = values, levels
        self._stop = np.cumsum(levels.count)
        self._groups: dict[int, NDArray[np.float64]] = {}

    def at(self, place: int) -> float:
        """Give the value with `place` others before it."""
        level = int(np.searchsorted(self._stop, place, "right"))
        if level not in self._groups:
            self._groups[level] = self._values[self._levels.rank == level]
        group = self._groups[level]
        within = place - int(self._stop[level]) + group.size
        return float(np.partition(group, within)[within])

    def quantile(self, share: float) -> float:
        """Interpolate linearly, from the nearer neighbour as numpy does."""
        last = self._values.size - 1
        below = int(share * last)
        part = share * last - below
        low, high = self.at(below), self.at(min(below + 1, last))
        return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
