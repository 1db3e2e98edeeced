"""Levels that somebody else's network named: kept where they count upward from the sacrum, open otherwise.

See docs/decisions/levels-are-counted-from-the-sacrum.md; the rule is the same for every segmenter.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pipelines.segmentation.backends.instances import Spacing, Structure
from pipelines.segmentation.backends.label_map import KINDS
from pipelines.segmentation.clean import Mask
from pipelines.segmentation.labels import DISCS, LEVELS, SACRUM, level_name

MAX_GAP_MM = 15.0  #: between the sacrum's top and the lowest structure that has a level; a thick disc fits
#: upward from the sacrum, as far as the fixed SegmentLabels go
ORDERS = ((*LEVELS, "T12", "T11", "T10"), (*DISCS, "T12-L1", "T11-T12"))


def doubts(found: Sequence[Structure], spacing: Spacing, counted: bool) -> str:
    """Return why the levels of structures cannot be believed; empty where they can, or where none has one.

    Parameters
    ----------
    found : sequence of (SegmentLabel, mask of shape (L, P, S))
    spacing : tuple of float
        mm along (L, P, S).
    counted : bool
        Whether the network knows the sacrum: then the lowest level must lie upon it.
    """
    sacra = [mask for name, mask in found if name == SACRUM]
    for order in ORDERS:
        chain = sorted(
            (order.index(_level(name)), name, mask) for name, mask in found if _level(name) in order
        )
        reason = _disorder([(place, name) for place, name, _ in chain], [_height(mask) for *_, mask in chain])
        if reason:
            return reason
        if counted and chain:
            reason = _off_sacrum(chain[0], sacra, spacing[2])
            if reason:
                return reason
    return ""


def without_levels(found: Sequence[Structure]) -> list[Structure]:
    """Count from below what has a level."""
    renamed = [(name, mask) for name, mask in found if not has_level(name)]
    for kind in KINDS:
        same = [mask for name, mask in found if has_level(name) and name == f"{_level(name)} {kind}"]
        for position, mask in enumerate(sorted(same, key=_height)):
            renamed.append((str(level_name(kind, position, None)), mask))
    return renamed


def has_level(name: str) -> bool:
    """Tell whether a SegmentLabel names a level."""
    return any(_level(name) in order for order in ORDERS)


def _level(name: str) -> str:
    return name.split(maxsplit=1)[0]


def _height(mask: Mask) -> float:
    """Mean index along S."""
    rows = mask.sum((0, 1))
    return float(rows @ np.arange(rows.size) / max(int(rows.sum()), 1))


def _disorder(chain: list[tuple[int, str]], heights: list[float]) -> str:
    for ((a, lower), below), ((b, upper), above) in pairwise(zip(chain, heights, strict=True)):
        if a != b and above <= below:
            return f"the network put {upper} below {lower}"
        if b > a + 1:
            return f"the network found no level between {lower} and {upper}"
    return ""


def _off_sacrum(lowest: tuple[int, str, Mask], sacra: list[Mask], step: float) -> str:
    """Say why the lowest level does not lie upon the sacrum; empty where it does."""
    place, name, mask = lowest
    if not sacra:
        return "the sacrum is not in view"
    if place > 0:
        return f"{name} is the lowest level, but not the one above the sacrum"
    gap = (np.flatnonzero(mask.any((0, 1)))[0] - np.flatnonzero(sacra[0].any((0, 1)))[-1]) * step
    return f"{name} lies {gap:.0f} mm above the sacrum" if gap > MAX_GAP_MM else ""
