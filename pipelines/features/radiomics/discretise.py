"""Grey levels: the values of a region in bins, as `radiomics.imageoperations.binImage` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FeatureError
from pipelines.features.radiomics.kernel import kernel

MAX_LEVELS = 2048
"""More grey levels than this are no texture but a bin width that does not fit the image."""


@dataclass(frozen=True, eq=False, slots=True)
class Levels:
    """A region's grey levels.

    Attributes
    ----------
    rank : uint16 array of shape (voxels,)
        Position of each voxel's level in `grey`.
    grey : int64 array of shape (levels,)
        The levels that occur, ascending; 1 is the bin of the smallest value.
    count : int64 array of shape (levels,)
        Voxels at each level.
    """

    rank: NDArray[np.uint16]
    grey: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def highest(self) -> int:
        """PyRadiomics' Ng: levels counted from 1, whether they occur or not."""
        return int(self.grey[-1])


def discretise(values: NDArray[Any], settings: Mapping[str, Any]) -> Levels:
    """Put values into bins of fixed width (`binWidth`, 25 by default) or fixed number (`binCount`).

    Parameters
    ----------
    values : float array of shape (voxels,)
        Edges are computed in its own precision.
    settings : mapping

    Raises
    ------
    FeatureError
        ROI_GREY_LEVELS if the bins are so narrow that no texture can be told.
    """
    edges = _edges(values, settings)
    if edges.size > 1 << 20:
        raise _too_many(edges.size)
    level = _level(values.astype(np.float64), edges.astype(np.float64))
    occurring = np.bincount(level, minlength=edges.size + 1)
    grey = np.flatnonzero(occurring)
    if grey.size > MAX_LEVELS:
        raise _too_many(grey.size)
    rank = np.zeros(occurring.size, np.uint16)
    rank[grey] = np.arange(grey.size)
    return Levels(rank[level], grey, occurring[grey])


def _too_many(found: int) -> FeatureError:
    return FeatureError(
        "ROI_GREY_LEVELS",
        f"the bin width gives {found} grey levels, at most {MAX_LEVELS} are supported; choose a wider one",
    )


def _edges(values: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[Any]:
    low, high = values.min(), values.max()
    if settings.get("binCount") is not None:
        edges = np.histogram_bin_edges(np.array([low, high]), settings["binCount"])
        edges[-1] += 1  # the largest value belongs to the last bin
        return edges
    width = settings.get("binWidth", 25)
    return np.arange(low - low % width, high + 2 * width, width)


@kernel
def _level(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give what numpy.digitize gives for edges that are evenly spaced but for rounding and the last one."""
    level = np.empty(values.size, np.int64)
    width = edges[1] - edges[0]
    for q in range(values.size):
        k = min(int((values[q] - edges[0]) / width), edges.size - 1)
        while k + 1 < edges.size and values[q] >= edges[k + 1]:
            k += 1
        while values[q] < edges[k]:
            k -= 1
        level[q] = k + 1
    return level
