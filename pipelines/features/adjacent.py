"""Which structures lie next to a fusion: the segments that degenerate after one (Zou et al. 2025)."""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final

VERTEBRAE: Final = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
_DISCS: Final = tuple(f"{upper}-{lower}" for upper, lower in pairwise(VERTEBRAE))
_LEVEL: Final = re.compile(r"^(?P<disc>[TLS]\d+-[TLS]\d+) disc|^(?P<bone>[TLS]\d+) vertebra")


def adjacent_levels(fused: Sequence[str]) -> frozenset[str]:
    """Name the discs and the vertebrae next to the fused segments.

    Parameters
    ----------
    fused : sequence of str
        Fused levels, "L4-L5".

    Returns
    -------
    frozenset of str
        Discs that are not fused and share a vertebra with one that is, and their vertebrae that belong to no
        fused segment: "L3-L4", "L3", "L5-S1" and "S1" for "L4-L5".
    """
    stiff = {vertebra for level in fused for vertebra in level.split("-")}
    discs = {disc for disc in _DISCS if disc not in fused and stiff & set(disc.split("-"))}
    return frozenset(discs | {vertebra for disc in discs for vertebra in disc.split("-")} - stiff)


def is_adjacent(structure: str, levels: Collection[str]) -> bool:
    """Tell whether a SegmentLabel names one of `levels`: "L3-L4 disc", "L3 vertebra", "L3 vertebral body"."""
    found = _LEVEL.match(structure)
    return found is not None and (found["disc"] or found["bone"]) in levels
