"""Grey level run length matrix: straight runs of voxels of one level (Galloway 1975)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.emphasis import NUMBERS, emphasis, named, names
from pipelines.features.radiomics.neighbours import Texture
from pipelines.features.radiomics.region import Region
from pipelines.features.radiomics.weights import distances

NAMES = names(
    small="ShortRun",
    large="LongRun",
    size="RunLength",
    share="RunPercentage",
    variance="RunVariance",
    entropy="RunEntropy",
    grey="Run",
)


def glrlm(region: Region, levels: Levels, texture: Texture, settings: Mapping[str, Any]) -> dict[str, float]:
    """Compute the sixteen features, each the mean over directions.

    Where the region has no direction with two voxels on one line, all are NaN.
    """
    tables = _tables(region, texture, settings.get("weightingNorm"))
    if not len(tables):
        return named(NAMES, np.full(NUMBERS, np.nan))
    sizes = np.arange(tables.shape[2], dtype=np.float64)
    found = np.array([emphasis(table, levels.grey, sizes) for table in tables])
    return named(NAMES, found.mean(axis=0))


def _tables(region: Region, texture: Texture, norm: str | None) -> NDArray[np.float64]:
    """Give float64 (directions, levels, longest + 1): the table of each direction, or one weighted sum."""
    tables = texture.runs[region.lined].astype(np.float64)
    if norm is None or not len(tables):
        return tables
    weight = distances(region, norm)
    return tables.sum(axis=0)[None] if weight is None else np.tensordot(weight[region.lined], tables, 1)[None]
