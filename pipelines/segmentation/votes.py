"""From votes for body centres to vertebrae, and from vertebrae to levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]

PEAK_SHARE = 0.12  #: a centre needs this share of the strongest centre's votes
MIN_DISTANCE_MM = 16.0  #: two centres closer than this are one
OUTSIDE_MM = 21.0  #: how far above or below the scan the centre of a vertebra that it cuts may lie
MAX_DISTANCE_MM = 55.0  #: a larger step is a vertebra that was missed
SACRUM_CM3 = 12.0  #: less than this in view: the levels cannot be counted
S1_CM3 = 4.0
S1_DISTANCE_MM = (18.0, 60.0)  #: from the centre of L5 to the centre of S1


@dataclass(frozen=True, eq=False)
class Vertebrae:
    """Body centres from caudal to cranial, in grid index units.

    Attributes
    ----------
    centres : array of shape (n, 3)
    first_is_l5 : bool
        Whether the lowest centre above the sacral ones is L5; False with `reason` where that is not known.
    reason : str
    sacral : int
        How many of the lowest centres are bodies of the sacrum.
    """

    centres: Array
    first_is_l5: bool
    reason: str = ""
    sacral: int = 0

    @property
    def lumbar_count(self) -> int:
        """Number of centres above the sacrum."""
        return len(self.centres) - self.sacral


def find_vertebrae(votes: Array, bodies: NDArray[np.bool_], shape: tuple[int, ...], step: float) -> Array:
    """Cluster votes into centres.

    Parameters
    ----------
    votes : array of shape (n, 3)
        Where each body voxel believes its centre to be, in grid index.
    bodies : bool array of shape (n,)
        Which votes count (those of body voxels).
    shape : tuple of int
        Shape of the grid.
    step : float
        Grid spacing in mm.

    Returns
    -------
    array of shape (centres, 3), caudal first, in grid index; the lowest and the highest may lie outside
    """
    beyond = np.array([0, 0, round(OUTSIDE_MM / step)])
    heat = np.zeros(np.array(shape) + 2 * beyond, np.float32)
    index = np.rint(votes[bodies]).astype(int) + beyond
    inside = ((index >= 0) & (index < heat.shape)).all(1)
    np.add.at(heat, tuple(index[inside].T), 1)
    heat = ndimage.gaussian_filter(heat, 4.5 / step)
    peaks = np.argwhere((heat == ndimage.maximum_filter(heat, 7)) & (heat > PEAK_SHARE * heat.max()))
    strongest_first = peaks[np.argsort(-heat[tuple(peaks.T)])]
    kept: list[NDArray[np.int_]] = []
    for peak in strongest_first:
        if all(np.linalg.norm(peak - other) * step >= MIN_DISTANCE_MM for other in kept):
            kept.append(peak)
    centres: Array = np.array(sorted(kept, key=lambda c: c[2]), dtype=float).reshape(-1, 3)
    in_grid: Array = centres - beyond
    return in_grid


def number(centres: Array, sacrum: NDArray[np.bool_], s1: NDArray[np.bool_], step: float) -> Vertebrae:
    """Decide whether the lowest centre is L5: only where S1 is seen right below it.

    Parameters
    ----------
    centres : array of shape (n, 3)
        Caudal first, in grid index.
    sacrum, s1 : bool arrays of the grid's shape
        The whole sacrum, and the part that looks like S1.
    step : float
        Grid spacing in mm.
    """
    if not len(centres):
        return Vertebrae(centres, False, "no vertebra above the sacrum was found")
    cm3 = step**3 / 1000
    if sacrum.sum() * cm3 < SACRUM_CM3 or s1.sum() * cm3 < S1_CM3:
        return Vertebrae(centres, False, "the sacrum is not in view, so the levels cannot be counted")
    distances = np.linalg.norm(np.argwhere(s1).mean(0) - centres, axis=1) * step
    sacral = int(distances[0] < S1_DISTANCE_MM[0])  # votes and classes speak of the same bone: S1
    above = centres[sacral:]
    if not len(above) or not S1_DISTANCE_MM[0] <= distances[sacral] <= S1_DISTANCE_MM[1]:
        text = "S1 does not lie right below the lowest vertebra: none or one between them is unclear"
        return Vertebrae(centres, False, text, sacral)
    steps = np.linalg.norm(np.diff(above[:6], axis=0), axis=1) * step
    if steps.size and steps.max() > MAX_DISTANCE_MM:
        text = f"a gap of {steps.max():.0f} mm between vertebrae: one may have been missed"
        return Vertebrae(centres, False, text, sacral)
    return Vertebrae(centres, True, "", sacral)
