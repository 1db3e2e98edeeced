"""The voxels of one region, laid out for loops over neighbours; shared by all images of the region."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box
from pipelines.features.radiomics.kernel import kernel
from pipelines.features.radiomics.resample import Triple


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """A region in its bounding box, with a frame of background as wide as the farthest neighbour.

    Attributes
    ----------
    shape : tuple of three int
        Of the framed box: slices, rows, columns.
    index : int32 array of shape (voxels,)
        Flat positions of the region's voxels in the framed box, ascending.
    spacing : tuple of three float
        mm along slice, row and column index.
    steps : int64 array of shape (directions, 3)
        One of each pair of opposite steps to a neighbour.
    offsets : int64 array of shape (directions,)
        The same in flat positions.
    paired : bool array of shape (directions,)
        Steps to the neighbours of GLCM, GLDM and NGTDM (setting `distances`).
    adjacent : bool array of shape (directions,)
        Steps of one voxel, along which runs go and zones grow.
    lined : bool array of shape (directions,)
        Whether some line in that direction holds two voxels of the region; PyRadiomics leaves out the runs
        of the other directions.
    neighbours : uint16 array of shape (voxels,)
        How many of a voxel's `paired` neighbours, in both directions, are in the region.
    """

    shape: tuple[int, int, int]
    index: NDArray[np.int32]
    spacing: Triple
    steps: NDArray[np.int64]
    offsets: NDArray[np.int64]
    paired: NDArray[np.bool_]
    adjacent: NDArray[np.bool_]
    lined: NDArray[np.bool_]
    neighbours: NDArray[np.uint16]

    @property
    def longest(self) -> int:
        """The most voxels that a straight run can have."""
        return max(self.shape)


def region_of(
    roi: NDArray[np.bool_], spacing: Triple, distances: Sequence[int] = (1,), flat_axis: int | None = None
) -> Region:
    """Lay a region out.

    Parameters
    ----------
    roi : bool array of shape (slices, rows, columns), not empty
    spacing : tuple of three float
    distances : sequence of int
        Neighbours' distances in voxels, in the maximum norm.
    flat_axis : int, optional
        Axis along which there are no neighbours (settings `force2D` and `force2Ddimension`).
    """
    reach = max(1, *distances)
    framed = np.pad(roi[bounding_box(roi)], reach)
    shape = (framed.shape[0], framed.shape[1], framed.shape[2])
    index = np.flatnonzero(framed).astype(np.int32)
    steps = _steps({1, *distances}, flat_axis)
    offsets = steps @ np.array([shape[1] * shape[2], shape[2], 1])
    length = np.abs(steps).max(axis=1)
    paired = np.isin(length, list(distances))
    inside = framed.ravel()
    neighbours = np.zeros(index.size, np.uint16)
    for offset in offsets[paired]:
        neighbours += inside[index + offset]
        neighbours += inside[index - offset]
    lined = [
        bool(inside[index + offset].any()) or _apart_on_one_line(framed, step)
        for step, offset in zip(steps, offsets, strict=True)
    ]
    return Region(
        shape,
        index,
        spacing,
        steps,
        offsets,
        paired,
        length == 1,
        np.array(lined) & (length == 1),
        neighbours,
    )


def _steps(distances: Iterable[int], flat_axis: int | None) -> NDArray[np.int64]:
    """Give steps in PyRadiomics' sense (the first component that is not 0 is positive), (directions, 3)."""
    wanted = set(distances)
    far = range(-max(wanted), max(wanted) + 1)
    return np.array(
        [
            step
            for step in product(far, repeat=3)
            if step > (0, 0, 0)
            and max(map(abs, step)) in wanted
            and (flat_axis is None or step[flat_axis] == 0)
        ],
        np.int64,
    )


@kernel
def _apart_on_one_line(framed: NDArray[np.bool_], step: NDArray[np.int64]) -> bool:
    """Tell whether from any voxel of a region another is met in steps that first leave the region."""
    slices, rows, columns = framed.shape
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                if framed[z, y, x]:
                    k, j, i = z + step[0], y + step[1], x + step[2]
                    while 0 <= k < slices and 0 <= j < rows and 0 <= i < columns:
                        if framed[k, j, i]:
                            return True
                        k, j, i = k + step[0], j + step[1], i + step[2]
    return False
