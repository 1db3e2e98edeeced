"""Which disc is L5-S1: what every level of the lumbar spine is counted from.

Three witnesses are heard: how much of a disc the network calls lumbosacral; what lies right below it; and
where along the column bodies look lumbar above and sacral below, so that a rudimentary S1-S2 disc is not
counted. Where they disagree, or no sacrum is in view, the levels stay undetermined: never a guess.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HALF_DISC_MM = 5  #: half of the window around a disc
MIN_SHARE = 0.5  #: of a disc that must be called lumbosacral
MIN_LEAD = 0.25  #: by how much that share must exceed the next disc's
BELOW_MM = 40  #: how far below the L5-S1 disc the sacrum is looked for
MIN_BELOW_MM = 4  #: how much of the column must be in view there
CLEAR_BELOW_MM = 20  #: how much of it must be in view for the column's own witness to be heard
MIN_SACRUM = 0.2  #: mean sacral probability there that counts as "in view"; it must also exceed the body's

NOT_IN_VIEW = "the sacrum is not in view, so the levels cannot be counted"
AMBIGUOUS = "the lumbosacral junction is ambiguous (transitional anatomy, or poor contrast)"


@dataclass(frozen=True, eq=False)
class Profiles:
    """Mean class probabilities in a window across the column, a value for each mm from caudal to cranial."""

    body: Array
    disc: Array  #: every disc, L5-S1 among them
    lumbosacral: Array  #: the L5-S1 disc alone
    sacrum: Array


def find_lumbosacral(peaks: NDArray[np.int_], profiles: Profiles) -> tuple[int | None, str]:
    """Choose the L5-S1 disc.

    Parameters
    ----------
    peaks : (discs,) int array
        Where on the profiles the discs are, from caudal to cranial.
    profiles : Profiles

    Returns
    -------
    index : int or None
        Of the disc among `peaks`; None where that cannot be said.
    reason : str
        Why not; empty otherwise.
    """
    if peaks.size == 0:
        return None, "no intervertebral disc was found"
    shares = np.array([_share(profiles, peak) for peak in peaks])
    best = int(shares.argmax())
    if shares[best] < MIN_SHARE or not _sacrum_below(peaks, best, profiles):
        return None, NOT_IN_VIEW
    lead = shares[best] - np.delete(shares, best).max(initial=0)
    if lead < MIN_LEAD or not _column_agrees(peaks, best, profiles):
        return None, AMBIGUOUS
    return best, ""


def _share(profiles: Profiles, peak: int) -> float:
    """How much of a disc is called lumbosacral."""
    window = slice(max(0, peak - HALF_DISC_MM), peak + HALF_DISC_MM + 1)
    return float(profiles.lumbosacral[window].sum() / max(profiles.disc[window].sum(), 1e-6))


def _sacrum_below(peaks: NDArray[np.int_], disc: int, profiles: Profiles) -> bool:
    """Whether what lies right below a disc, down to the next one, looks like a sacrum."""
    lowest = peaks[disc - 1] if disc else 0
    below = slice(max(lowest, peaks[disc] - BELOW_MM), max(0, peaks[disc] - HALF_DISC_MM // 2))
    sacrum, body = profiles.sacrum[below], profiles.body[below]
    return sacrum.size >= MIN_BELOW_MM and bool(sacrum.mean() > max(MIN_SACRUM, body.mean()))


def _column_agrees(peaks: NDArray[np.int_], disc: int, profiles: Profiles) -> bool:
    """Whether the column changes from sacral to lumbar at this disc, as far as it is in view below."""
    if peaks[disc] < CLEAR_BELOW_MM:
        return True
    edges = np.concatenate([[0], peaks, [len(profiles.body)]])
    likeness = np.array([(profiles.body[a:b] - profiles.sacrum[a:b]).sum() for a, b in pairwise(edges)])
    scores = [likeness[j + 1 :].sum() - likeness[: j + 1].sum() for j in range(peaks.size)]
    return int(np.argmax(scores)) == disc
