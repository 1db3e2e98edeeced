"""Grey level size zone matrix: connected zones of voxels of one level (Thibault et al. 2009)."""

import numpy as np

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.emphasis import emphasis, named, names
from pipelines.features.radiomics.neighbours import Texture

NAMES = names(
    small="SmallArea",
    large="LargeArea",
    size="SizeZone",
    share="ZonePercentage",
    variance="ZoneVariance",
    entropy="ZoneEntropy",
    grey="Zone",
)


def glszm(levels: Levels, texture: Texture) -> dict[str, float]:
    """Compute the sixteen features."""
    sizes, column = np.unique(texture.zone_size, return_inverse=True)
    cell = texture.zone_level * sizes.size + column
    table = np.bincount(cell, minlength=levels.grey.size * sizes.size).reshape(-1, sizes.size)
    return named(NAMES, emphasis(table.astype(np.float64), levels.grey, sizes.astype(np.float64)))
