"""Heights of discs and vertebral bodies: mean chords along the structure's own normal, in mm.

All in patient coordinates (LPS, PS3.3 C.7.6.2.1.1), so oblique, sheared and anisotropic grids are right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box
from pipelines.features.structures import group_of
from pipelines.types import Segmentation

Points = NDArray[np.float64]  # (n, 3), mm

CELL_MM = 0.8
"""Voxels are divided down to this size, so that a band's edge may pass through a thick slice."""

LATERAL = (1 / 3, 2 / 3)
"""The middle third from side to side, as on a midsagittal image."""

BANDS: Mapping[str, tuple[float, float]] = {
    "anterior": (0.1, 0.3),
    "middle": (0.4, 0.6),
    "posterior": (0.7, 0.9),
    "mean": (0.1, 0.9),
}
"""Parts of the way from the anterior to the posterior rim; the rounded rims themselves are left out."""

_SUPERIOR = np.array([0.0, 0.0, 1.0])
_POSTERIOR = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """A disc or body as the centres of the equal small cells that it is made of."""

    label: int
    group: str | None
    points: Points
    cell: NDArray[np.float64]  #: (3, 3), a cell's edges as columns, mm
    centre: NDArray[np.float64]


def measure_heights(segmentation: Segmentation) -> dict[int, dict[str, float]]:
    """Measure every disc and vertebral body of a segmentation.

    Returns
    -------
    dict of int to dict of str to float
        Label to `BANDS`' names to mm. The height of a band is its volume divided by its area across the
        normal: the mean distance between the two end-plate sides. A disc's normal is its thin principal axis;
        a body's is the mean of its neighbouring discs', or the direction of the spine without any.
    """
    parts = sorted(_parts(segmentation), key=lambda part: float(part.centre[2]))  # upward
    directions = [_direction(parts, index) for index in range(len(parts))]
    normals = [
        _thin_axis(part.points, along) if part.group == "disc" else None
        for part, along in zip(parts, directions, strict=True)
    ]
    found = {}
    for index, part in enumerate(parts):
        normal = normals[index]
        if normal is None:
            beside = [n for n in normals[max(0, index - 1) : index + 2] if n is not None]
            normal = _unit(np.sum(beside, axis=0)) if beside else directions[index]
        found[part.label] = _band_heights(part, normal)
    return found


def _parts(segmentation: Segmentation) -> list[_Part]:
    made = []
    for label, structure in segmentation.structures.items():
        if (group := group_of(structure)) in {"disc", "body"}:
            roi = segmentation.labels == np.uint8(label)
            if roi.any():
                points, cell = _points(roi, segmentation.volume.affine)
                made.append(_Part(label, group, points, cell, points.mean(axis=0)))
    return made


def _points(roi: NDArray[np.bool_], affine: NDArray[np.float64]) -> tuple[Points, NDArray[np.float64]]:
    """Give the centres of a region's cells in LPS mm, and a cell's edges as columns."""
    box = bounding_box(roi)
    index = np.argwhere(roi[box]) + [part.start for part in box]  # (n, 3)
    counts = [max(1, int(np.ceil(step / CELL_MM))) for step in np.linalg.norm(affine[:3, :3], axis=0)]
    offsets = [(np.arange(count) + 0.5) / count - 0.5 for count in counts]
    grid = np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3)
    fine = (index[:, None, :] + grid[None]).reshape(-1, 3)
    return fine @ affine[:3, :3].T + affine[:3, 3], affine[:3, :3] / counts


def _direction(parts: list[_Part], index: int) -> NDArray[np.float64]:
    """Give the spine's upward direction at a part, from its neighbours' centres."""
    near = parts[max(0, index - 1) : index + 2]
    if len(near) == 1:
        return _SUPERIOR
    return _unit(np.sum([b.centre - a.centre for a, b in pairwise(near)], axis=0))


def _thin_axis(points: Points, along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the principal axis nearest to the spine's direction, pointing up.

    It is the thinnest of a disc that is seen whole; of one that is seen in a single slice it is not.
    """
    _, axes = np.linalg.eigh(np.cov(points.T))
    cosines = axes.T @ along
    best = int(np.argmax(np.abs(cosines)))
    chosen: NDArray[np.float64] = axes[:, best] * np.sign(cosines[best])
    return chosen


def _band_heights(part: _Part, normal: NDArray[np.float64]) -> dict[str, float]:
    backward = _unit(_POSTERIOR - (_POSTERIOR @ normal) * normal)
    depth, sideways = _Extent.of(part, backward), _Extent.of(part, np.cross(normal, backward))
    lateral, width = sideways.band(LATERAL)
    volume = abs(float(np.linalg.det(part.cell)))
    heights = {}
    for name, limits in BANDS.items():
        sagittal, length = depth.band(limits)
        heights[name] = float((lateral * sagittal).sum() * volume / (width * length))
    return heights


@dataclass(frozen=True, eq=False, slots=True)
class _Extent:
    """A part's cells along one direction: their centres and their common length, mm."""

    centres: NDArray[np.float64]
    length: float

    @classmethod
    def of(cls, part: _Part, direction: NDArray[np.float64]) -> Self:
        return cls(part.points @ direction, float(np.abs(part.cell.T @ direction).sum()))

    def band(self, limits: tuple[float, float]) -> tuple[NDArray[np.float64], float]:
        """Give the share of each cell that lies between two parts of the way, and the band's length in mm."""
        low, high = np.quantile(self.centres, (0.002, 0.998))  # a stray voxel is no end
        low, high = low - self.length / 2, high + self.length / 2
        start, stop = low + limits[0] * (high - low), low + limits[1] * (high - low)
        ahead = np.minimum(self.centres + self.length / 2, stop)
        behind = np.maximum(self.centres - self.length / 2, start)
        return np.clip((ahead - behind) / self.length, 0, 1), float(stop - start)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit
