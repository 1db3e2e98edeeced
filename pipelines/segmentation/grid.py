"""Resample between a volume and a coarse grid along the patient's axes; exact for oblique scans and tilt."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from pipelines.segmentation.orientation import Box, Oriented


@dataclass(frozen=True, eq=False)
class Grid:
    """An isotropic grid along L, P, S.

    Attributes
    ----------
    values : float32 array of shape (l, p, s)
    affine : float64 array of shape (4, 4)
        Index -> LPS mm; diagonal.
    """

    values: NDArray[np.float32]
    affine: NDArray[np.float64]

    @property
    def step(self) -> float:
        """Grid spacing in mm."""
        return float(self.affine[0, 0])


def coarse_grid(oriented: Oriented, step: float, outside: float) -> Grid:
    """Average `oriented` down and resample it to `step` mm along the patient's axes.

    Parameters
    ----------
    oriented : Oriented
    step : float
        Grid spacing in mm.
    outside : float
        Value where the scan has no voxel.
    """
    factors = [max(1, int(step / s + 0.01)) for s in oriented.spacing]
    pooled = functional.avg_pool3d(torch.from_numpy(np.ascontiguousarray(oriented.array))[None], factors)[0]
    affine = oriented.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [(f - 1) / 2 for f in factors]
    affine[:3, :3] *= factors
    low, high = _bounds(affine, pooled.shape)
    shape = tuple(int(n) for n in np.maximum(np.rint((high - low) / step) + 1, 1))
    grid = np.diag([step, step, step, 1.0])
    grid[:3, 3] = low
    to_pooled = np.linalg.inv(affine) @ grid
    values = ndimage.affine_transform(
        pooled.numpy(), to_pooled[:3, :3], to_pooled[:3, 3], shape, order=1, mode="constant", cval=outside
    )
    return Grid(values.astype(np.float32, copy=False), grid)


def _bounds(
    affine: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners of the box along the patient's axes that holds all voxel centres."""
    corners = np.array([(*corner, 1) for corner in product(*((0, n - 1) for n in shape))])
    points = corners @ affine.T
    return points[:, :3].min(0), points[:, :3].max(0)


def box_on_volume(grid: Grid, foreground: NDArray[np.bool_], oriented: Oriented, margin: float) -> Box:
    """Voxels of the oriented volume that may lie in `foreground` (of the grid), `margin` mm around it."""
    index = np.argwhere(foreground)
    low, high = index.min(0) * grid.step - margin, index.max(0) * grid.step + margin
    return box_around(low + grid.affine[:3, 3], high + grid.affine[:3, 3], oriented)


def box_around(low: NDArray[np.float64], high: NDArray[np.float64], oriented: Oriented) -> Box:
    """Voxels of the oriented volume that may lie between two corners (LPS mm)."""
    corners = np.array(list(product(*zip(low, high, strict=True))))
    points = np.c_[corners, np.ones(8)] @ np.linalg.inv(oriented.affine).T
    first = np.clip(np.floor(points.min(0)[:3]), 0, oriented.array.shape).astype(int)
    last = np.clip(np.ceil(points.max(0)[:3]) + 1, 0, oriented.array.shape).astype(int)
    return slice(first[0], last[0]), slice(first[1], last[1]), slice(first[2], last[2])


def sample(maps: Tensor, grid: Grid, oriented: Oriented, box: Box) -> Tensor:
    """Interpolate maps given on the grid at the voxels of a box of the oriented volume.

    Parameters
    ----------
    maps : float32 tensor of shape (channels, l, p, s)
        On the grid.

    Returns
    -------
    float32 tensor of shape (channels, L, P, S) of the box
    """
    to_grid = torch.from_numpy(np.linalg.inv(grid.affine) @ oriented.affine).float()
    axes = [torch.arange(b.start, b.stop, dtype=torch.float32) for b in box]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1) @ to_grid[:3, :3].T + to_grid[:3, 3]
    size = torch.tensor(maps.shape[1:], dtype=torch.float32)
    normalised = points / (size - 1).clamp(min=1) * 2 - 1
    return functional.grid_sample(
        maps[None], normalised.flip(-1)[None], mode="bilinear", padding_mode="border", align_corners=True
    )[0]
