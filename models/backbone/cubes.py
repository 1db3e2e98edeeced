"""From a structure in a scan to the cube that the network sees; in training and at run time alike.

Zou et al. 2025 resize images to 128 x 128 x 128 by linear interpolation and bring them to mean 0 and SD 1.
They do not say whether the crop shows the surroundings; here it does not, so that a feature belongs to its
structure. A crop has the scan's own voxels and is small; the cube is made from it when it is needed.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.boxes import bounding_box, widened

MARGIN_MM = 2.0
"""Room around the structure, so that its border lies inside the cube."""


class CubeError(ValueError):
    """A structure cannot give a cube.

    Attributes
    ----------
    code : str
        ROI_EMPTY, ROI_NOT_FINITE or ROI_CONSTANT.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def crop(
    voxels: NDArray[np.float32], roi: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Cut out a structure: mean 0 and SD 1 over its voxels, 0 outside it.

    Parameters
    ----------
    voxels : float32 array of shape (slices, rows, columns)
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.

    Returns
    -------
    float32 array
        The structure's box and `MARGIN_MM` around it, in the scan's voxels.

    Raises
    ------
    CubeError
    """
    if not roi.any():
        raise CubeError("ROI_EMPTY", "the structure has no voxel")
    slice_, row, column = (math.ceil(MARGIN_MM / step) for step in spacing)
    box = widened(bounding_box(roi), (slice_, row, column), voxels.shape)
    inside = roi[box]
    values = voxels[box][inside].astype(np.float64)
    if not np.isfinite(values).all():
        raise CubeError("ROI_NOT_FINITE", "the structure has voxels that are NaN or infinite")
    if np.ptp(values) == 0:
        raise CubeError("ROI_CONSTANT", "all voxels of the structure have the same value")
    filled = np.zeros(inside.shape, np.float32)  # 0 is the structure's mean
    filled[inside] = (values - values.mean()) / values.std()
    return filled


def to_cube(cropped: Tensor, side: int) -> Tensor:
    """Stretch a crop to a cube of mean 0 and SD 1.

    Parameters
    ----------
    cropped : float tensor of shape (slices, rows, columns)
    side : int

    Returns
    -------
    float32 tensor of shape (1, side, side, side)
        Slice, row and column run along the cube's sides.
    """
    cube = cropped.float()
    for _ in range(3):  # each turn stretches the first axis and puts it last
        cube = torch.tensordot(cube, _weights(cube.shape[0], side), dims=([0], [1]))
    cube -= cube.mean()
    cube /= torch.linalg.vector_norm(cube) / math.sqrt(cube.numel())
    return cube[None]


def _weights(size: int, side: int) -> Tensor:
    """Linear interpolation from `size` to `side` voxels between the same outer faces: (side, size)."""
    places = ((torch.arange(side) + 0.5) * size / side - 0.5).clamp(0, size - 1)
    return (1 - (places[:, None] - torch.arange(size)).abs()).clamp(min=0)
