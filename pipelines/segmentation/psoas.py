"""Where the psoas major ends: it thins out upward; what grows again above is diaphragm, liver or bowel."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.segmentation.labels import MUSCLES
from pipelines.types import Finding

PSOAS = (5, 6)  #: classes of the axial network
THINNED = 0.4  #: share of the largest area below which the muscle is about to end
GAP_MM = 12.0  #: of empty slices that are an end
REGROWN = 1.6  #: growth over the least area that cannot be the muscle any more


def stop_psoas(classes: NDArray[np.uint8], step: float) -> tuple[Finding, ...]:
    """Take away, in place, what is drawn as psoas above the muscle's upper end.

    Parameters
    ----------
    classes : uint8 array of shape (L, P, S)
        Classes of the axial network.
    step : float
        mm from slice to slice.
    """
    gap = max(1, round(GAP_MM / step))
    findings = []
    for k in PSOAS:
        area = (classes == k).sum((0, 1))  # of each slice, caudal to cranial
        end = upper_end(area, gap)
        if area[end:].any():
            above = classes[:, :, end:]
            above[above == k] = 0
            where = f"slice {end} of {len(area)} from below"
            text = f"{MUSCLES[k - 1]} ends at {where}; what looked like it above was left out"
            findings.append(Finding("PSOAS_END", text))
    return tuple(findings)


def lumbar_slices(classes: NDArray[np.uint8]) -> int:
    """Return how many slices from below either psoas reaches, up to about L1; all, if there is none.

    Parameters
    ----------
    classes : uint8 array of shape (L, P, S)
        Classes of the axial network, after `stop_psoas`.
    """
    present = np.flatnonzero(np.isin(classes, PSOAS).any((0, 1)))
    return int(present[-1]) + 1 if present.size else classes.shape[2]


def upper_end(area: NDArray[np.int_], gap: int = 1) -> int:
    """Return the first slice above the muscle: where it vanishes, or has thinned out and grows again.

    Parameters
    ----------
    area : int array of shape (slices,)
        Cross-section in voxels, caudal to cranial.
    gap : int
        Empty slices in a row that are an end; fewer are slices in which the muscle was missed.
    """
    top = _first_peak(area)
    least = area[top]
    for index in range(top + 1, len(area)):
        thin = least < THINNED * area[top]
        if not area[index : index + gap].any() or (thin and area[index] > REGROWN * least):
            return index
        if area[index]:
            least = min(least, area[index])
    return len(area)


def _first_peak(area: NDArray[np.int_]) -> int:
    """Return the largest slice of the lower stretch; a leak above may be larger."""
    smooth = ndimage.uniform_filter1d(area.astype(float), 3, mode="nearest")
    best = 0
    for index, size in enumerate(smooth):
        if size > smooth[best]:
            best = index
        elif size < THINNED * smooth[best]:
            break
    return best
