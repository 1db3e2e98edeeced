"""Slices as the two MR networks look at them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipelines.errors import SegmentationError

FLAT = 1e-4  #: contrast, as a share of the largest value, that resampling alone can make
BRIGHTEST = 0.998  #: share of the voxels below what counts as an outlier


def resample_slices(slices: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample slices in plane, and clamp bright outliers.

    Parameters
    ----------
    slices : float32 tensor of shape (N, H, W)
    size : two ints
        New height and width.

    Returns
    -------
    float32 tensor of shape (N, *size)

    Raises
    ------
    SegmentationError
        EMPTY_IMAGE if every voxel has the same value, or one is not a number.
    """
    small = functional.interpolate(slices[:, None], size=size, mode="bilinear", antialias=True)[:, 0]
    contrast = float(small.max() - small.min())
    if not contrast > FLAT * float(small.abs().max()):  # also where a value is not a number
        raise SegmentationError("EMPTY_IMAGE", "the slices hold no image: every voxel has the same value")
    return small.clamp(max=float(np.quantile(small.numpy()[:, ::2, ::2], BRIGHTEST)))


def neighbours(count: int, step: int) -> Tensor:
    """Index each of `count` slices between those `step` before and after it: (count, 3); edges repeat."""
    index = torch.arange(count)
    return torch.stack([(index - step).clamp(min=0), index, (index + step).clamp(max=count - 1)], dim=1)
