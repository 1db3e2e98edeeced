"""Whether levels and sides are right: which structure of the reference lies under each name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.evaluation.names import parse
from pipelines.evaluation.reference import Mask, Reference

LEAST_SHARE = 0.25  #: of a found structure that must lie in the reference's to be told from a neighbour

Verdict = Literal["right", "wrong", "not determined", "not judged"]


@dataclass(frozen=True, slots=True)
class Naming:
    """What was named right or wrong.

    Attributes
    ----------
    right : tuple of str
        SegmentLabels.
    wrong : tuple of (str, str)
        SegmentLabel that was given, and that of the reference.
    unnamed : int
        Structures found without a level.
    """

    right: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    unnamed: int = 0

    @property
    def verdict(self) -> Verdict:
        """One word for the scan; a single wrong name makes it wrong."""
        if self.wrong:
            return "wrong"
        if self.right:
            return "right"
        return "not determined" if self.unnamed else "not judged"


def judge(reference: Reference, masks: Mapping[str, Mask]) -> Naming:
    """Judge every name that has a level or a side against the reference's structures of the same kind.

    A structure of which less than a quarter lies in one of the reference's is not judged: it may be one that
    the reference does not show.
    """
    placed = {parse(label).kind for label in reference.present if parse(label).place}
    pairs = []
    unnamed = 0
    for label, mask in masks.items():
        name = parse(label)
        if name.kind not in placed or not mask.any():
            continue
        if name.place is None:
            unnamed += 1
        elif (truth := matched(reference, name.kind, mask)) is not None:
            pairs.append((label, truth))
    right = tuple(label for label, truth in pairs if label == truth)
    return Naming(right, tuple(pair for pair in pairs if pair[0] != pair[1]), unnamed)


def matched(reference: Reference, kind: str, mask: Mask) -> str | None:
    """Return the reference's structure of a kind that holds most of a mask, if at least a quarter."""
    values = [value for value, label in reference.names.items() if parse(label).kind == kind]
    if not values:
        return None
    inside = reference.values[mask]
    shares: dict[str, int] = {}
    for value in values:
        label = reference.names[value]
        shares[label] = shares.get(label, 0) + int((inside == value).sum())
    best = max(shares, key=lambda label: shares[label])
    return best if shares[best] >= LEAST_SHARE * np.count_nonzero(mask) else None
