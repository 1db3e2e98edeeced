"""Neighbouring grey tone difference matrix (Amadasun and King 1989)."""

import numpy as np

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.neighbours import Texture

UNIFORM_COARSENESS = 1e6
"""PyRadiomics' value where no voxel differs from its neighbours."""


def ngtdm(levels: Levels, texture: Texture) -> dict[str, float]:
    """Compute the five features."""
    grey = levels.grey.astype(np.float64)
    voxels = levels.count.sum()
    share = levels.count / voxels  # (levels,)
    difference = texture.difference
    weighted, total = (share * difference).sum(), difference.sum()
    apart = np.abs(grey[:, None] - grey)  # (levels, levels)
    both = share[:, None] + share
    contrast = (np.outer(share, share) * apart**2).sum() * total / voxels
    spread = np.abs((grey * share)[:, None] - grey * share).sum()
    complexity = (apart * ((share * difference)[:, None] + share * difference) / both).sum()
    return {
        "Busyness": float(weighted / spread) if spread else 0.0,
        "Coarseness": float(1 / weighted) if weighted else UNIFORM_COARSENESS,
        "Complexity": float(complexity / voxels),
        "Contrast": float(contrast / (grey.size * (grey.size - 1))) if grey.size > 1 else 0.0,
        "Strength": float((both * apart**2).sum() / total) if total else 0.0,
    }
