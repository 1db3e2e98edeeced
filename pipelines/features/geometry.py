"""Spacing and position of volumes' grids, right also where they are sheared."""

import numpy as np

from pipelines.types import Volume


def index_spacing(volume: Volume) -> tuple[float, float, float]:
    """Give mm between slices (perpendicular to them), rows and columns.

    With gantry tilt the step from slice to slice is oblique to the slices, and image libraries such as
    SimpleITK cannot hold such a grid. Features are therefore computed in index space, with the perpendicular
    distance between slices: volumes are exact, and the shear itself (a displacement of each slice in its own
    plane) is left out of lengths and surfaces that run across slices.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    tuple of three float
        Along slice, row and column index, in mm.
    """
    _, row, column = np.linalg.norm(volume.affine[:3, :3], axis=0)
    return float(volume.voxel_volume / (row * column)), float(row), float(column)


def same_grid(a: Volume, b: Volume) -> bool:
    """Tell whether two volumes have the same voxels, none displaced by half a voxel or more."""
    if a.voxels.shape != b.voxels.shape:
        return False
    ends = np.array(
        [(*np.multiply(corner, np.subtract(a.voxels.shape, 1)), 1) for corner in np.ndindex(2, 2, 2)]
    )
    apart = np.linalg.norm(ends @ (a.affine - b.affine).T, axis=1)
    return bool(apart.max() < min(a.spacing) / 2)
