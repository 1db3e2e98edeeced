"""The vertebral column on sagittal MR: its centre line, and the disc planes across it.

A centre line is fitted through bodies, discs and sacrum; discs are the peaks of a profile along it. The
L5-S1 disc is the one that parts what looks like lumbar bodies from what looks like sacrum, so that a
rudimentary S1-S2 disc is not counted. Where no sacrum is in view, or two answers are equally good, the
levels stay undetermined: never a guess.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import find_peaks

Array = NDArray[np.float64]

STEP_MM = 1.0  #: resolution of the profile along the centre line
HALF_DEPTH_MM = 13.0  #: half of the window across the column, antero-posterior
HALF_WIDTH_MM = 9.0  #: half of the window across the column, left-right
SMOOTHING_MM = 9.0  #: of the centre line; about a third of a vertebra
MIN_DISC_DISTANCE_MM = 19.0
MIN_PROMINENCE = 0.2
BELOW_MM = 40  #: how far below the L5-S1 disc the sacrum must show
MIN_SACRUM = 0.25  #: mean sacral probability there that counts as "in view"; it must also exceed the body's
MIN_MARGIN = 0.25  #: by how much the best position of L5-S1 must beat the next


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
    disc: NDArray[np.float32]
    sacrum: NDArray[np.float32]
    spacing: tuple[float, float, float]


def find_column(evidence: Evidence) -> Column:
    """Find the disc planes and which of them is L5-S1."""
    line = _centre_line(evidence)
    tangents = np.gradient(line, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    body, disc, sacrum = (
        _profile(p, line, tangents, evidence.spacing) for p in (evidence.body, evidence.disc, evidence.sacrum)
    )
    between = ndimage.gaussian_filter1d(disc + 0.5 * (1 - disc - body - sacrum).clip(0), 1.5)
    peaks, _ = find_peaks(between, prominence=MIN_PROMINENCE, distance=int(MIN_DISC_DISTANCE_MM / STEP_MM))
    peaks = np.array([p for p in peaks if disc[max(0, p - 4) : p + 5].max() > MIN_PROMINENCE / 2], dtype=int)
    lumbosacral, reason = _lumbosacral(peaks, body, sacrum)
    return Column(line[peaks], tangents[peaks], lumbosacral, reason)


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


def _lumbosacral(peaks: NDArray[np.int_], body: Array, sacrum: Array) -> tuple[int | None, str]:
    """Choose the disc with sacrum below and bodies above; None with the reason where that is unclear."""
    if peaks.size == 0:
        return None, "no intervertebral disc was found"
    edges = np.concatenate([[0], peaks, [len(body)]])
    likeness = np.array([(body[a:b] - sacrum[a:b]).sum() / 30 for a, b in pairwise(edges)])
    scores = np.array([likeness[j + 1 :].sum() - likeness[: j + 1].sum() for j in range(peaks.size)])
    best = int(scores.argmax())
    below = slice(max(edges[best], edges[best + 1] - BELOW_MM), edges[best + 1])
    if sacrum[below].size < 8 or sacrum[below].mean() < max(MIN_SACRUM, body[below].mean()):
        return None, "the sacrum is not in view, so the levels cannot be counted"
    rest = np.delete(scores, best)
    if rest.size and scores[best] - rest.max() < MIN_MARGIN:
        return None, "the lumbosacral junction is ambiguous (transitional anatomy, or poor contrast)"
    return best, ""
