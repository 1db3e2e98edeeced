"""The vertebral column on sagittal MR: its centre line, and the disc planes across it.

A centre line is fitted through bodies, discs and sacrum; discs are the peaks of a profile along it. Which of
them is L5-S1 is decided in `lumbosacral`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import find_peaks

from pipelines.segmentation.lumbosacral import Profiles, find_lumbosacral

Array = NDArray[np.float64]

STEP_MM = 1.0  #: resolution of the profile along the centre line
HALF_DEPTH_MM = 13.0  #: half of the window across the column, antero-posterior
HALF_WIDTH_MM = 9.0  #: half of the window across the column, left-right
SMOOTHING_MM = 9.0  #: of the centre line; about a third of a vertebra
MIN_DISC_DISTANCE_MM = 19.0
MIN_PROMINENCE = 0.2


@dataclass(frozen=True, eq=False)
class Column:
    """Disc planes from caudal to cranial.

    Attributes
    ----------
    centres, normals : float arrays of shape (discs, 3)
        In mm along (L, P, S) of the oriented volume; normals point to the head.
    lumbosacral : int or None
        Index of the L5-S1 disc; None where the levels are not determined.
    reason : str
        Why they are not determined; empty otherwise.
    """

    centres: Array
    normals: Array
    lumbosacral: int | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Class probabilities of shape (L, P, S) on a grid of `spacing` mm; the grid starts at 0 mm."""

    body: NDArray[np.float32]
    disc: NDArray[np.float32]  #: every disc, L5-S1 among them
    lumbosacral: NDArray[np.float32]  #: the L5-S1 disc alone
    sacrum: NDArray[np.float32]
    spacing: tuple[float, float, float]


def find_column(evidence: Evidence) -> Column:
    """Find the disc planes and which of them is L5-S1."""
    line = _centre_line(evidence)
    tangents = np.gradient(line, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    maps = evidence.body, evidence.disc, evidence.lumbosacral, evidence.sacrum
    profiles = Profiles(*(_profile(p, line, tangents, evidence.spacing) for p in maps))
    peaks = _disc_peaks(profiles)
    lumbosacral, reason = find_lumbosacral(peaks, profiles)
    return Column(line[peaks], tangents[peaks], lumbosacral, reason)


def _disc_peaks(profiles: Profiles) -> NDArray[np.int_]:
    """Places along the line of the discs, those at an end of the line too."""
    gap = (1 - profiles.disc - profiles.body - profiles.sacrum).clip(0)
    between = ndimage.gaussian_filter1d(profiles.disc + 0.5 * gap, 1.5)
    distance = int(MIN_DISC_DISTANCE_MM / STEP_MM)
    peaks, _ = find_peaks(np.pad(between, 1), prominence=MIN_PROMINENCE, distance=distance)
    clear = [p - 1 for p in peaks if profiles.disc[max(0, p - 5) : p + 4].max() > MIN_PROMINENCE / 2]
    return np.array(clear, dtype=int)


def _centre_line(evidence: Evidence) -> Array:
    """Points every STEP_MM along the column, caudal to cranial, in mm along (L, P, S)."""
    column = evidence.body + evidence.disc + evidence.sacrum
    mask = column > 0.5
    components, count = ndimage.label(ndimage.binary_dilation(mask, iterations=2))
    if count > 1:
        sizes = np.bincount(components[mask].ravel(), minlength=count + 1)
        sizes[0] = 0
        column = np.where(components == sizes.argmax(), column, 0)
    weight = np.where(mask, column, 0)
    rows = np.flatnonzero(weight.sum((0, 1)) > 0)
    if rows.size < 3:
        return np.zeros((3, 3)) + np.arange(3)[:, None] * [0, 0, STEP_MM]
    span = np.arange(rows[0], rows[-1] + 1)
    amount = weight.sum((0, 1))[span]
    left = np.einsum("lps,l->s", weight, np.arange(weight.shape[0]))[span]
    posterior = np.einsum("lps,p->s", weight, np.arange(weight.shape[1]))[span]
    sigma = SMOOTHING_MM / evidence.spacing[2]
    smooth = [ndimage.gaussian_filter1d(v, sigma, mode="nearest") for v in (left, posterior, amount)]
    points = np.stack([smooth[0] / smooth[2], smooth[1] / smooth[2], span], axis=1) * evidence.spacing
    return _even(points)


def _even(points: Array) -> Array:
    """Resample a line to even steps of STEP_MM."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(0, length[-1], STEP_MM)
    return np.stack([np.interp(at, length, points[:, k]) for k in range(3)], axis=1)


def _profile(
    probability: NDArray[np.float32], line: Array, tangents: Array, spacing: tuple[float, float, float]
) -> Array:
    """Mean probability in a window across the line at each of its points."""
    across = np.stack([np.zeros(len(line)), tangents[:, 2], -tangents[:, 1]], axis=1)
    depth = np.arange(-HALF_DEPTH_MM, HALF_DEPTH_MM + 0.1, 2.0)
    width = np.linspace(-HALF_WIDTH_MM, HALF_WIDTH_MM, 5)
    points = line[:, None, None] + depth[None, :, None, None] * across[:, None, None]
    points = points + width[None, None, :, None] * np.array([1.0, 0, 0])  # (points, depth, width, 3)
    index = (points / spacing).reshape(-1, 3).T
    values = ndimage.map_coordinates(probability, index, order=1, mode="nearest")
    mean: Array = values.reshape(len(line), -1).mean(1)
    return mean
