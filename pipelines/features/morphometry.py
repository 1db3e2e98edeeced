"""Size and brightness of every structure: volume, HU or signal, heights, muscle cross-sections."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.boxes import bounding_box
from pipelines.features.geometry import index_spacing
from pipelines.features.heights import measure_heights
from pipelines.features.structures import MUSCLE_GROUPS, group_of, is_incomplete
from pipelines.types import AXIAL_MR_ROLES, SAGITTAL_ROLES, Measurement, Role, Segmentation, Volume

RIM_MM = 3.0
"""Cortex and partial volume: what lies deeper in a vertebra is nearly all trabecular bone and marrow."""

MIN_INTERIOR_MM3 = 500.0
"""Less than a cube of 8 mm inside the rim is not worth a mean."""


def measure(segmentation: Segmentation) -> tuple[Measurement, ...]:
    """Measure every structure of a segmented series.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    tuple of Measurement
        In label order. All structures but those cut by the field of view: volume (cm3), mean and SD of HU
        (CT) or signal (MR). Vertebrae on CT: mean HU more than 3 mm inside the surface. Discs and bodies on
        sagittal MR: heights (mm), see `heights`. Muscles on axial MR: area in the slice where it is largest
        (cm2).
    """
    heights = measure_heights(segmentation) if segmentation.volume.role in SAGITTAL_ROLES else {}
    found: list[Measurement] = []
    for label, structure in sorted(segmentation.structures.items()):
        roi = segmentation.labels == np.uint8(label)
        if not roi.any() or is_incomplete(structure):
            continue
        for name, value, unit in _of_region(segmentation.volume, roi, structure):
            found.append(Measurement(segmentation.volume.role, structure, name, value, unit))
        for band, height in heights.get(label, {}).items():
            name = f"{'disc' if group_of(structure) == 'disc' else 'body'}_height"
            name = name if band == "mean" else f"{name}_{band}"
            found.append(Measurement(segmentation.volume.role, structure, name, height, "mm"))
    return tuple(found)


def _of_region(volume: Volume, roi: NDArray[np.bool_], structure: str) -> Iterator[tuple[str, float, str]]:
    """Yield name, value and unit of what one region gives by itself."""
    box = bounding_box(roi)
    inside, values = roi[box], volume.voxels[box]
    yield "volume", float(np.count_nonzero(inside) * volume.voxel_volume / 1000), "cm3"
    within = values[inside].astype(np.float64)
    kind, unit = ("hu", "[hnsf'U]") if volume.role is Role.CT else ("signal", "1")
    yield f"mean_{kind}", float(within.mean()), unit
    yield f"sd_{kind}", float(within.std()), unit
    group = group_of(structure)
    if group == "vertebra" and volume.role is Role.CT:
        yield from _interior(volume, values, inside)
    if group in MUSCLE_GROUPS and volume.role in AXIAL_MR_ROLES:
        yield "cross_section_area", _largest_area(volume, inside), "cm2"


def _interior(
    volume: Volume, values: NDArray[np.float32], inside: NDArray[np.bool_]
) -> Iterator[tuple[str, float, str]]:
    padded = np.pad(inside, 1)  # where the volume ends the structure has a surface too
    depth = ndimage.distance_transform_edt(padded, sampling=index_spacing(volume))[1:-1, 1:-1, 1:-1]
    core = depth > RIM_MM
    if np.count_nonzero(core) * volume.voxel_volume >= MIN_INTERIOR_MM3:
        yield "mean_hu_trabecular", float(values[core].astype(np.float64).mean()), "[hnsf'U]"


def _largest_area(volume: Volume, inside: NDArray[np.bool_]) -> float:
    """Give the largest area in one slice, in the slice's own plane, in cm2."""
    pixel = float(np.linalg.norm(np.cross(volume.affine[:3, 1], volume.affine[:3, 2])))  # mm2
    return float(inside.sum(axis=(1, 2)).max() * pixel / 100)
