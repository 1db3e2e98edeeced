"""Why a structure has no radiomics features: named outcomes instead of whatever PyRadiomics would do.

PyRadiomics raises on an empty, one-voxel or line-shaped region, gives 3D shape numbers of no meaning for a
single slice, and lets NaN through in silence.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box
from pipelines.errors import FeatureError

MIN_VOXELS = 8
"""Fewer voxels than a 2x2x2 cube have no texture."""

_FLAT = {
    0: ("ROI_ONE_VOXEL", "is a single voxel"),
    1: ("ROI_LINE", "is a line of voxels"),
    2: ("ROI_SINGLE_SLICE", "lies in one plane of voxels"),
}


def check_shape(roi: NDArray[np.bool_]) -> None:
    """Raise FeatureError unless the region is a body of voxels.

    Parameters
    ----------
    roi : bool array of shape (slices, rows, columns)

    Raises
    ------
    FeatureError
        ROI_EMPTY, ROI_ONE_VOXEL, ROI_LINE, ROI_SINGLE_SLICE, or ROI_TINY.
    """
    count = int(np.count_nonzero(roi))
    if count == 0:
        raise FeatureError("ROI_EMPTY", "the structure has no voxel on the grid of the profile")
    thick = sum(part.stop - part.start > 1 for part in bounding_box(roi))
    if thick in _FLAT:
        code, text = _FLAT[thick]
        raise FeatureError(code, f"the structure {text} ({count} voxels): 3D features have no meaning")
    if count < MIN_VOXELS:
        raise FeatureError("ROI_TINY", f"the structure has {count} voxels; at least {MIN_VOXELS} are needed")


def check_finite(image: NDArray[Any]) -> None:
    """Raise FeatureError ROI_NOT_FINITE if any voxel is NaN or infinite.

    Parameters
    ----------
    image : array of shape (slices, rows, columns)
        The region and what the filters read beside it.
    """
    if bad := int(np.count_nonzero(~np.isfinite(image))):
        raise FeatureError("ROI_NOT_FINITE", f"{bad} voxels in or beside the structure are NaN or infinite")


def check_values(image: NDArray[np.float64], roi: NDArray[np.bool_]) -> None:
    """Raise FeatureError unless the voxels carry texture.

    Parameters
    ----------
    image : float64 array of shape (slices, rows, columns)
        The crop with its margin: wavelet images of the region read the margin too.
    roi : bool array of the same shape

    Raises
    ------
    FeatureError
        ROI_NOT_FINITE, or ROI_CONSTANT.
    """
    check_finite(image)
    if np.ptp(image[roi]) == 0:
        raise FeatureError("ROI_CONSTANT", "all voxels of the structure have the same value: no texture")
