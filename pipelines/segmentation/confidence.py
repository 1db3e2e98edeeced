"""How sure a network was of each structure."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def confidence(
    labels: NDArray[np.uint8], certainty: NDArray[np.floating], structures: Mapping[int, str]
) -> dict[str, float]:
    """Mean probability of the voxels of each structure, 0 to 1, by SegmentLabel.

    Parameters
    ----------
    labels : uint8 array
    certainty : float array of the same shape
        Probability of the class that each voxel was given.
    structures : mapping of int to str
        Label value to SegmentLabel.
    """
    values = list(structures)
    means = ndimage.mean(certainty, labels, values) if values else []
    return {structures[value]: round(float(mean), 3) for value, mean in zip(values, means, strict=True)}
