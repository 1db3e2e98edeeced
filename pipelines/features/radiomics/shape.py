"""Shape features: mesh, diameters, and axes of the voxels' distribution."""

import math

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box
from pipelines.features.radiomics.diameters import diameters
from pipelines.features.radiomics.mesh import surface
from pipelines.features.radiomics.resample import Triple


def shape(roi: NDArray[np.bool_], spacing: Triple) -> dict[str, float]:
    """Compute the fourteen features.

    Parameters
    ----------
    roi : bool array of shape (slices, rows, columns), not empty
    spacing : tuple of three float
        mm along slice, row and column index.
    """
    framed = np.pad(roi[bounding_box(roi)], 1)
    area, volume = surface(framed, spacing)
    in_slice, in_row, in_column, overall = diameters(framed, spacing)
    least, minor, major = _variances(framed, spacing)
    return {
        "Elongation": math.sqrt(minor / major),
        "Flatness": math.sqrt(least / major),
        "LeastAxisLength": 4 * math.sqrt(least),
        "MajorAxisLength": 4 * math.sqrt(major),
        "Maximum2DDiameterColumn": in_row,
        "Maximum2DDiameterRow": in_column,
        "Maximum2DDiameterSlice": in_slice,
        "Maximum3DDiameter": overall,
        "MeshVolume": volume,
        "MinorAxisLength": 4 * math.sqrt(minor),
        "Sphericity": (36 * math.pi * volume**2) ** (1 / 3) / area,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": int(framed.sum()) * math.prod(spacing),
    }


def _variances(framed: NDArray[np.bool_], spacing: Triple) -> tuple[float, float, float]:
    """Give the variances in mm2 along the principal axes, ascending; rounding leaves none below 0."""
    places = np.argwhere(framed) * np.array(spacing)
    places -= places.mean(axis=0)
    least, minor, major = np.maximum(np.linalg.eigvalsh(places.T @ places / len(places)), 0)
    return float(least), float(minor), float(major)
