"""Resampling of one region on PyRadiomics' own grid, without touching the rest of the volume."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from models.boxes import bounding_box

Triple = tuple[float, float, float]

_SUPPORT = {"sitkNearestNeighbor": 2, "sitkLinear": 2}
_WIDE_SUPPORT = 32
"""Input voxels beyond the grid for the other interpolators: a B-spline's prefilter decays by .27 a voxel."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of the output grid, in units of input voxels."""

    start: float  #: position of the first output voxel
    step: float
    count: int

    def reach(self, size: int, support: int) -> slice:
        """Input voxels that the output voxels read."""
        stop = self.start + self.step * (self.count - 1)
        return slice(max(0, int(np.floor(self.start)) - support), min(size, int(np.ceil(stop)) + support + 1))


def resample(
    image: NDArray[Any],
    roi: NDArray[np.bool_],
    spacing: Triple,
    target: Triple,
    *,
    interpolator: str,
    pad: int,
    extrapolate: bool,
    as_float: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], Triple]:
    """Interpolate a region and `pad` voxels around it, as `radiomics.imageoperations.resampleImage` does.

    Parameters
    ----------
    image : array of shape (slices, rows, columns)
    roi : bool array of the same shape, not empty
    spacing, target : tuple of three float
        mm along slice, row and column index; a target of 0 keeps that axis' spacing, as does an axis along
        which the region is one voxel thick.
    interpolator : str
        Name of SimpleITK's interpolator, e.g. "sitkLinear". The region is always nearest neighbour.
    pad : int
        Output voxels around the region, as far as the volume reaches.
    extrapolate : bool
        Whether an output voxel whose centre lies beyond the volume takes the nearest value (or 0, as
        PyRadiomics has it).
    as_float : bool
        Whether what is interpolated between integers keeps its fraction; PyRadiomics lets SimpleITK cast it
        to the image's type, unless a z-score made it a float before.

    Returns
    -------
    image : float64 array
    roi : bool array of the same shape
    spacing : tuple of three float
    """
    box = bounding_box(roi)
    wanted = [
        old if new == 0 or part.stop - part.start == 1 else new
        for old, new, part in zip(spacing, target, box, strict=True)
    ]
    if np.allclose(spacing, wanted):
        near = tuple(slice(max(0, part.start - pad), part.stop + pad) for part in box)
        return image[near].astype(np.float64), roi[near], spacing
    axes = [
        _axis(part, size, new / old, pad)
        for part, size, old, new in zip(box, image.shape, spacing, wanted, strict=True)
    ]
    support = _SUPPORT.get(interpolator, _WIDE_SUPPORT)
    reach = tuple(axis.reach(size, support) for axis, size in zip(axes, image.shape, strict=True))
    grid = _filter(axes)
    grid.SetInterpolator(getattr(SimpleITK, interpolator))
    grid.SetUseNearestNeighborExtrapolator(extrapolate)
    given = image[reach].astype(np.float64) if as_float else image[reach]
    values = grid.Execute(_as_image(given, reach))
    grid.SetInterpolator(SimpleITK.sitkNearestNeighbor)
    grid.SetUseNearestNeighborExtrapolator(False)
    inside = grid.Execute(_as_image(roi[reach].astype(np.uint8), reach))
    new_spacing = (float(wanted[0]), float(wanted[1]), float(wanted[2]))
    found = SimpleITK.GetArrayFromImage(values).astype(np.float64)
    return found, SimpleITK.GetArrayFromImage(inside) > 0, new_spacing


def _axis(part: slice, size: int, step: float, pad: int) -> _Axis:
    """Give PyRadiomics' grid: its corner is the volume's corner, its range the region's with its padding."""
    first = max(0, int(np.floor((part.start - 0.5) / step - pad)))
    last = min(int(np.ceil(size / step)) - 1, int(np.ceil((part.stop - 0.5) / step + pad)))
    return _Axis(0.5 * (step - 1) + first * step, step, last - first + 1)


def _filter(axes: list[_Axis]) -> SimpleITK.ResampleImageFilter:
    """Build the filter in coordinates of the input's voxel indices, in SimpleITK's x, y, z order."""
    grid = SimpleITK.ResampleImageFilter()
    grid.SetSize([axis.count for axis in reversed(axes)])
    grid.SetOutputOrigin([axis.start for axis in reversed(axes)])
    grid.SetOutputSpacing([axis.step for axis in reversed(axes)])
    return grid


def _as_image(array: NDArray[Any], reach: tuple[slice, ...]) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(array)
    image.SetOrigin([float(part.start) for part in reversed(reach)])
    return image
