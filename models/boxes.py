"""Boxes around regions of an array."""

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice, slice]


def bounding_box(roi: NDArray[np.bool_]) -> Box:
    """Give the smallest box that holds every True voxel of a non-empty array (slices, rows, columns)."""
    found = []
    for axis in range(roi.ndim):
        others = tuple(other for other in range(roi.ndim) if other != axis)
        where = np.flatnonzero(roi.any(axis=others))
        part = slice(int(where[0]), int(where[-1]) + 1)
        roi = roi[(slice(None),) * axis + (part,)]  # the other axes need not look beyond it
        found.append(part)
    return found[0], found[1], found[2]


def widened(box: Box, margin: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """Widen a box by voxels on both sides, as far as the array of `shape` reaches."""
    grown = [
        slice(max(0, part.start - more), min(size, part.stop + more))
        for part, more, size in zip(box, margin, shape, strict=True)
    ]
    return grown[0], grown[1], grown[2]
