"""Largest distances between the corners of a region's mesh, overall and within planes of voxels.

Only corners of the convex hull can be farthest apart, and a corner of the hull is a corner of the hull of
each plane that it lies in. Those are found line by line (Andrew's monotone chain, 1979), so that few pairs
remain. Positions are in half voxels: the mesh has its corners half-way between two voxels.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.kernel import kernel
from pipelines.features.radiomics.resample import Triple


def diameters(framed: NDArray[np.bool_], spacing: Triple) -> tuple[float, float, float, float]:
    """Give the largest distances in mm within planes of one slice, row and column index, and of all.

    Parameters
    ----------
    framed : bool array of shape (slices, rows, columns)
        The region with one voxel of background on each side.
    spacing : tuple of three float
    """
    corners = _corners(framed)
    size = 2 * max(framed.shape)
    widest, candidates = [], []
    for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        turned = np.ascontiguousarray(corners[:, axes])
        low, high = _lines(turned, size)
        width, hull = _planes(low, high, spacing[axes[1]], spacing[axes[2]])
        widest.append(width)
        back = hull[:, np.argsort(axes)]
        candidates.append((back[:, 0] * size + back[:, 1]) * size + back[:, 2])
    keys = np.intersect1d(np.intersect1d(*candidates[:2]), candidates[2])
    points = np.column_stack((keys // size**2, keys // size % size, keys % size)) * (np.array(spacing) / 2)
    return widest[0], widest[1], widest[2], _farthest(points)


def _corners(framed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give the middles between voxels in and out of the region, in half voxels: (corners, 3)."""
    found = []
    for axis in range(3):
        between = 2 * np.argwhere(np.diff(framed, axis=axis))
        between[:, axis] += 1
        found.append(between)
    return np.concatenate(found)


@kernel
def _lines(corners: NDArray[np.int64], size: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give the first and last corner on each line (plane, row), (size, size) each; first > last: none."""
    low = np.full((size, size), size, np.int32)
    high = np.full((size, size), -1, np.int32)
    for k in range(corners.shape[0]):
        plane, row, column = corners[k]
        low[plane, row] = min(low[plane, row], column)
        high[plane, row] = max(high[plane, row], column)
    return low, high


@kernel
def _planes(
    low: NDArray[np.int32], high: NDArray[np.int32], row_step: float, column_step: float
) -> tuple[float, NDArray[np.int64]]:
    """Give the largest distance within any plane, and the corners of all planes' hulls (corners, 3)."""
    size = low.shape[0]
    hull = np.empty((2 * np.count_nonzero(high >= 0), 3), np.int64)
    chain = np.empty((2 * size, 2), np.int64)
    found, widest = 0, 0.0
    for plane in range(size):
        count = _chain(low[plane], high[plane], 1, chain)
        count += _chain(high[plane], high[plane], -1, chain[count:])
        points = np.empty((count, 2))
        for k in range(count):
            hull[found, 0], hull[found, 1], hull[found, 2] = plane, chain[k, 0], chain[k, 1]
            points[k, 0], points[k, 1] = chain[k, 0] * row_step / 2, chain[k, 1] * column_step / 2
            found += 1
        widest = max(widest, _farthest(points))
    return widest, hull[:found].copy()


@kernel
def _chain(column: NDArray[np.int32], last: NDArray[np.int32], side: int, chain: NDArray[np.int64]) -> int:
    """Fill `chain` with the convex boundary of the lines' ends on one side; return its length."""
    count = 0
    for row in range(column.size):
        if last[row] < 0:
            continue
        while count > 1:
            before, tip = chain[count - 2], chain[count - 1]
            turn = (tip[0] - before[0]) * (column[row] - before[1]) - (tip[1] - before[1]) * (row - before[0])
            if side * turn > 0:
                break
            count -= 1
        chain[count, 0], chain[count, 1] = row, column[row]
        count += 1
    return count


@kernel
def _farthest(points: NDArray[np.float64]) -> float:
    """Give the largest distance between any two of (points, dimensions)."""
    largest = 0.0
    for i in range(points.shape[0]):
        for j in range(i):
            square = 0.0
            for k in range(points.shape[1]):
                square += (points[i, k] - points[j, k]) ** 2
            largest = max(largest, square)
    return math.sqrt(largest)
