"""Grey level dependence matrix: how many neighbours are like a voxel (Sun and Wee 1983)."""

import numpy as np

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.emphasis import emphasis, named, names
from pipelines.features.radiomics.neighbours import Texture

NAMES = names(
    small="SmallDependence",
    large="LargeDependence",
    size="Dependence",
    share="DependencePercentage",
    variance="DependenceVariance",
    entropy="DependenceEntropy",
)
REDUNDANT = ("GrayLevelNonUniformityNormalized", "DependencePercentage")
"""First order's uniformity, and always 1: PyRadiomics leaves them out."""


def gldm(levels: Levels, texture: Texture) -> dict[str, float]:
    """Compute the fourteen features; a voxel counts as dependent on itself."""
    sizes = np.arange(1.0, texture.dependence.shape[1] + 1)
    found = emphasis(texture.dependence.astype(np.float64), levels.grey, sizes)
    return {name: value for name, value in named(NAMES, found).items() if name not in REDUNDANT}
