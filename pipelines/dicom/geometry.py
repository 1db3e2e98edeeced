"""Do slices form a regular grid in patient space? Pure geometry, no files.

Slices are put in order by their position along the normal of the image plane. Instance Number is never used:
it follows the scanner's or the sender's fancy. The step from slice to slice is a full vector, so that a
tilted gantry, where the step is not along the normal, is described exactly and needs no resampling.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAME_PLACE = 0.02  #: mm; closer slices are at the same position
RELATIVE_TOLERANCE = 0.05  #: of the slice spacing: how far a slice may lie from its place on the grid
ABSOLUTE_TOLERANCE = 0.1  #: mm; covers positions that were rounded to one decimal along all axes
MAX_HOLE = 2  #: slices missing in a row that are interpolated
MAX_MISSING = 0.10  #: fraction of all slices that are interpolated


@dataclass(frozen=True, eq=False)
class Grid:
    """Evenly spaced places, some of them perhaps empty.

    Attributes
    ----------
    origin : array of shape (3,)
        LPS mm of place 0.
    step : array of shape (3,)
        LPS mm from each place to the next.
    places : int array of shape (n_slices,)
        Place of each slice given, rising.
    """

    origin: Array
    step: Array
    places: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of places from the first slice to the last."""
        return int(self.places[-1]) + 1

    @property
    def missing(self) -> int:
        """Number of empty places."""
        return self.size - len(self.places)

    @property
    def fillable(self) -> bool:
        """Whether the empty places are so few that interpolation between neighbours is honest."""
        widest = int(np.diff(self.places).max(initial=1)) - 1
        return widest <= MAX_HOLE and self.missing <= MAX_MISSING * self.size

    def tilt(self, normal: Array) -> float:
        """Return the angle in degrees between the step and the normal of the slices."""
        along = float(self.step @ normal)
        across = float(np.linalg.norm(self.step - along * normal))
        return float(np.degrees(np.arctan2(across, abs(along))))


def fit_grid(positions: Array) -> Grid | None:
    """Lay an even grid through slice positions.

    Parameters
    ----------
    positions : array of shape (n_slices, 3)
        LPS mm of the first voxel of each slice, along the normal in order, no two the same; n_slices >= 2.

    Returns
    -------
    Grid or None
        None if the slices are not evenly spaced on a straight line, apart from holes of whole slices.
    """
    gaps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    spacing = float(np.median(gaps))
    counts = np.rint(gaps / spacing).astype(np.int64)
    if counts.min() < 1:
        return None
    places = np.concatenate([[0], np.cumsum(counts)])
    design = np.stack([np.ones(len(places)), places], axis=1)
    origin, step = np.linalg.lstsq(design, positions, rcond=None)[0]
    errors = np.linalg.norm(positions - (origin + places[:, None] * step), axis=1)
    if errors.max() > tolerance(float(np.linalg.norm(step))):
        return None
    return Grid(origin, step, places)


def longest_even_run(positions: Array) -> slice:
    """Find the longest stretch of neighbouring slices whose gaps are alike; the first one of equals.

    Parameters
    ----------
    positions : array of shape (n_slices, 3)
        As for `fit_grid`.
    """
    gaps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    best = slice(0, 1)
    start = 0
    for end in range(1, len(gaps) + 1):
        if end < len(gaps) and abs(gaps[end] - gaps[start]) <= tolerance(float(gaps[start])):
            continue
        if end - start + 1 > best.stop - best.start:
            best = slice(start, end + 1)
        start = end
    return best


def tolerance(spacing: float) -> float:
    """Return the distance in mm that a slice may lie from its place on a grid of this spacing."""
    return max(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * spacing)
