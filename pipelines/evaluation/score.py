"""How well a segmentation fits a reference, on the reference's grid.

Strict: the whole volume, no region of interest, no tolerance. A structure that was not found counts as 0.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics import compute_hausdorff_distance
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.evaluation.names import PLACED_KINDS, parse
from pipelines.evaluation.naming import Naming, judge, matched
from pipelines.evaluation.reference import Mask, Reference

ALL = "(all)"  #: after a kind: every structure of it, whatever its level or side


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one mask fits another.

    Attributes
    ----------
    dice : float
        2 |A and B| / (|A| + |B|); 1 where both are empty.
    surface_mm : float or None
        95th percentile of the distances between the surfaces, the larger of both directions; None where one
        of the masks is empty.
    ratio : float or None
        Volume found / volume of the reference.
    reference_cm3, found_cm3 : float
    """

    dice: float
    surface_mm: float | None
    ratio: float | None
    reference_cm3: float
    found_cm3: float


@dataclass(frozen=True, slots=True)
class Score:
    """What is measured on one scan.

    Attributes
    ----------
    union : float or None
        Dice of the reference's structures together against those found under the same names: "any". None
        where the reference names no level or side.
    levels : float or None
        Mean Dice of the reference's structures, each against the one found under its name.
    everything : Fit
        The reference's structures together against everything found of these kinds, whatever its name: what
        the masks are worth where the levels are open. Structures found where the reference names thoracic
        ones count in neither.
    structures : mapping of str to Fit
        By SegmentLabel, then by kind.
    naming : Naming
        Whether levels and sides are right.
    """

    union: float | None
    levels: float | None
    everything: Fit
    structures: Mapping[str, Fit]
    naming: Naming


def score(reference: Reference, found: NDArray[np.uint8], structures: Mapping[int, str]) -> Score:
    """Compare what was found with the reference.

    Parameters
    ----------
    reference : Reference
    found : uint8 array of the shape of `reference.values`
    structures : mapping of int to str
        SegmentLabel by value of `found`.
    """
    named = [label for label in reference.names.values() if _is_named(label)]
    masks = {label: found == value for value, label in structures.items()}
    empty = np.zeros(found.shape, np.bool_)
    fits = {
        label: fit(reference.mask(label), masks.get(label, empty), reference.spacing)
        for label in reference.present
        if label in named
    }
    chosen = _any([mask for label, mask in masks.items() if label in named], empty)
    kinds = _by_kind(reference, masks, empty)
    together = [_any([pair[i] for pair in kinds.values()], empty) for i in (0, 1)]
    return Score(
        union=dice(reference.mask(*named), chosen) if named else None,
        levels=float(np.mean([one.dice for one in fits.values()])) if fits else None,
        everything=fit(together[0], together[1], reference.spacing),
        structures=fits
        | {
            f"{kind} {ALL}": fit(*pair, reference.spacing)
            for kind, pair in kinds.items()
            if kind in PLACED_KINDS
        },
        naming=judge(reference, masks),
    )


def fit(reference: Mask, found: Mask, spacing: tuple[float, float, float]) -> Fit:
    """Compare two masks of one grid, whose `spacing` is in mm along the array's axes."""
    cm3 = float(np.prod(spacing)) / 1000
    expected, volume = int(reference.sum()), int(found.sum())
    return Fit(
        dice=dice(reference, found),
        surface_mm=surface_distance(reference, found, spacing) if expected and volume else None,
        ratio=volume / expected if expected else None,
        reference_cm3=expected * cm3,
        found_cm3=volume * cm3,
    )


def dice(one: Mask, other: Mask) -> float:
    """2 |A and B| / (|A| + |B|), or 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def surface_distance(one: Mask, other: Mask, spacing: tuple[float, float, float]) -> float:
    """Distance in mm that 95 % of both surfaces' voxels keep to the other surface; neither may be empty."""
    box = ndimage.find_objects((one | other).astype(np.uint8))[0]
    pair = [torch.from_numpy(mask[box][None, None]) for mask in (one, other)]
    with warnings.catch_warnings():  # MONAI warns of an argument that it gives itself
        warnings.filterwarnings("ignore", "monai.metrics.utils get_mask_edges", FutureWarning)
        distance = compute_hausdorff_distance(*pair, include_background=True, percentile=95, spacing=spacing)
    return float(distance)


def _is_named(label: str) -> bool:
    """Whether a reference's label can be found by its name: no bare "vertebra", nothing thoracic."""
    name = parse(label)
    return not name.is_thoracic and (name.place is not None or name.kind not in PLACED_KINDS)


def _by_kind(reference: Reference, masks: Mapping[str, Mask], empty: Mask) -> dict[str, tuple[Mask, Mask]]:
    """Pair the reference with what was found, by kind; thoracic structures are left out of both."""
    lumbar = [label for label in reference.present if not parse(label).is_thoracic]
    pairs = {}
    for kind in dict.fromkeys(parse(label).kind for label in lumbar):
        found = [
            mask
            for label, mask in masks.items()
            if parse(label).kind == kind and not _is_thoracic(reference, kind, mask)
        ]
        expected = reference.mask(*(label for label in lumbar if parse(label).kind == kind))
        pairs[kind] = expected, _any(found, empty)
    return pairs


def _is_thoracic(reference: Reference, kind: str, mask: Mask) -> bool:
    label = matched(reference, kind, mask)
    return label is not None and parse(label).is_thoracic


def _any(masks: list[Mask], empty: Mask) -> Mask:
    return np.any(masks, axis=0) if masks else empty
