"""Directions weighted by the distance to the neighbour (setting `weightingNorm`)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.region import Region

_NORMS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "infinity": lambda mm: mm.max(axis=1),
    "euclidean": lambda mm: np.sqrt((mm**2).sum(axis=1)),
    "manhattan": lambda mm: mm.sum(axis=1),
}


def distances(region: Region, norm: str) -> NDArray[np.float64] | None:
    """Give the length in mm of each direction's step in a norm, or None where all weigh the same.

    Parameters
    ----------
    region : Region
    norm : str
        "infinity", "euclidean", "manhattan"; PyRadiomics takes any other word for "no_weighting".
    """
    if norm not in _NORMS:
        return None
    return _NORMS[norm](np.abs(region.steps) * np.array(region.spacing))
