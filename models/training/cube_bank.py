"""Structures that the deep features' network learns from, cut from scans as the pipelines cut them.

SEED_K_ROLE.npz holds a float16 crop (slices, rows, columns) per structure, by its name, and `truth`: a JSON
object with what is known about each structure (`models.training.cube_truth`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, render
from models.anatomy.tissues import DISCS, FIRST_DISC, FIRST_MUSCLE, LEVELS, MUSCLES, Tissue
from models.backbone.cubes import CubeError, crop
from models.training.cube_truth import known
from models.training.recipe import Array, Recipe, Scan, posterior

FEWEST = 300  #: voxels of a structure that is worth a cube

Steps = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One of the series that the pipelines look for.

    Attributes
    ----------
    role : str
        As in `pipelines.types.Role`.
    contrast : Contrast
    plane, step : (low, high)
        mm between voxels in the plane, and between slices.
    below, above : three floats
        How far the scan reaches beyond the bodies' centres along x, y and z, mm.
    """

    role: Literal["ct", "mr_sag_t1", "mr_sag_t2", "mr_axial_t2"]
    contrast: Contrast
    plane: tuple[float, float]
    step: tuple[float, float]
    below: Steps
    above: Steps

    @property
    def sagittal(self) -> bool:
        """Whether the slices are sagittal; axial otherwise."""
        return self.role.startswith("mr_sag")


SERIES = (
    Series("ct", Contrast.CT, (0.8, 1.2), (1.5, 3.5), (62, 40, 40), (62, 95, 35)),
    Series("mr_sag_t1", Contrast.T1, (0.7, 1.2), (3.2, 5.4), (34, 38, 35), (34, 38, 25)),
    Series("mr_sag_t2", Contrast.T2, (0.7, 1.2), (3.2, 5.4), (34, 38, 35), (34, 38, 25)),
    Series("mr_axial_t2", Contrast.T2, (0.7, 1.2), (3.5, 8.0), (110, 60, 30), (110, 112, -40)),
)


def _scan(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """CT, sagittal T1 and T2, axial T2."""
    series = SERIES[number]
    image = render(anatomy, series.contrast)
    acquisition = _place(anatomy, protocol, series)
    scan, (instances, tissues) = acquire(
        anatomy, image, series.contrast, acquisition, [anatomy.instances, anatomy.tissues]
    )
    steps = _to_slices(np.array(acquisition.spacing), series)
    voxels, labels, kinds = (_volume_to_slices(one, series) for one in (scan, instances, tissues))
    crops: dict[str, Array] = {}
    for structure, name in _structures(series).items():
        mask = _mask(labels, kinds, structure, name)
        if np.count_nonzero(mask) >= FEWEST:
            crops |= _crop(voxels, mask, steps, name)
    truth = {name: known(anatomy, image, series.role, name) for name in crops}
    return Scan(f"{seed:05d}_{number}_{series.role}.npz", {**crops, "truth": np.array(json.dumps(truth))})


def _place(anatomy: Anatomy, protocol: np.random.Generator, series: Series) -> Acquisition:
    """Set the stack around the spine, inside what was generated of the person."""
    plane, step = protocol.uniform(*series.plane), protocol.uniform(*series.step)
    spacing = np.array([step, plane, plane] if series.sagittal else [plane, plane, step])
    field = np.array(anatomy.grid.field_of_view, dtype=np.float64)
    start = np.maximum(anatomy.body_centres.min(axis=0) - series.below, field[:, 0])
    end = np.minimum(anatomy.body_centres.max(axis=0) + series.above, field[:, 1])
    start = np.minimum(start + protocol.uniform(0, 1, 3) * spacing, end - spacing)
    offset, counts = start - field[:, 0], np.maximum((end - start) / spacing, 1).astype(int)
    thickness = step * protocol.uniform(0.75, 1)
    return Acquisition(_three(spacing), float(thickness), _three(offset), tuple(counts.tolist()))


def _three(values: NDArray[np.float64]) -> Steps:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _to_slices(steps: NDArray[np.float64], series: Series) -> Steps:
    x, y, z = _three(steps)
    return (x, z, y) if series.sagittal else (z, y, x)


def _volume_to_slices(volume: Tensor, series: Series) -> Array:
    """Turn (x, y, z) into (slice, row, column); sagittal rows run from head to feet, axial to the back."""
    array = volume.numpy()
    return array.transpose(0, 2, 1)[::-1, ::-1] if series.sagittal else array.transpose(2, 1, 0)


def _structures(series: Series) -> Mapping[int, str]:
    """Instance number to SegmentLabel."""
    if series.role == "mr_axial_t2":
        return {FIRST_MUSCLE + i: name for i, name in enumerate(MUSCLES)}
    kind = "vertebra" if series.role == "ct" else "vertebral body"
    bones = {i: f"{level} {kind}" for i, level in enumerate(LEVELS, start=1)}
    return (
        bones if series.role == "ct" else bones | {FIRST_DISC + i: f"{d} disc" for i, d in enumerate(DISCS)}
    )


def _mask(labels: Array, tissues: Array, structure: int, name: str) -> NDArray[np.bool_]:
    """Voxels of a structure; of a vertebral body on MR its marrow only, as the pipelines find it."""
    mask: NDArray[np.bool_] = labels == structure
    if name.endswith("vertebral body"):
        mask &= (tissues != Tissue.BODY_CORTEX) & ~posterior(tissues)
    return mask


def _crop(voxels: Array, mask: NDArray[np.bool_], steps: Steps, name: str) -> dict[str, Array]:
    try:
        return {name: crop(np.ascontiguousarray(voxels), mask, steps).astype(np.float16)}
    except CubeError:
        return {}


CUBES = Recipe(((-132, 132), (-155, 113), (-190, 150)), 2.0, len(SERIES), _scan)
