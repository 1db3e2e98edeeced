"""Features of perturbed structures, and how well they agree."""

import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box, widened
from pipelines.errors import FeatureError
from pipelines.features.geometry import index_spacing
from pipelines.features.radiomics.engine import compute
from pipelines.features.radiomics.prepare import Scaling, prepare, scaling
from pipelines.features.radiomics.profiles import Profile
from pipelines.features.radiomics.resample import Triple
from pipelines.features.stability.icc import Agreement, agreement
from pipelines.features.stability.perturb import KINDS, PERTURBATIONS, Perturbation, Piece, perturbed
from pipelines.features.structures import group_of
from pipelines.features.table import kind_of
from pipelines.types import Finding, Segmentation

AROUND = 8
"""Voxels of the profile's grid around a structure: for filters, interpolation and a turn."""

MIN_STRUCTURES = 3
"""With fewer there is no variance between structures to speak of."""

ALL = "all"


@dataclass(frozen=True, eq=False, slots=True)
class Stability:
    """What was found for a group of structures of one role.

    Attributes
    ----------
    prefix : str
        Of the columns of the feature table: "ct.vertebra.radiomics".
    profile, digest : str
        Name and version, and sha256, of the extraction profile.
    structures : int
    features : tuple of str
    agreements : mapping of str to Agreement
        By kind of perturbation, and "all" together.
    """

    prefix: str
    profile: str
    digest: str
    structures: int
    features: tuple[str, ...]
    agreements: Mapping[str, Agreement]


def measure(
    segmentations: Iterable[Segmentation],
    profile: Profile,
    perturbations: tuple[Perturbation, ...] = PERTURBATIONS,
    jobs: int = 1,
    report: Callable[[str], None] = lambda line: None,
) -> tuple[tuple[Stability, ...], tuple[Finding, ...]]:
    """Extract features of all structures as they are and perturbed.

    Parameters
    ----------
    segmentations : iterable of Segmentation
    profile : Profile
    perturbations : tuple of Perturbation
    jobs : int
        Structures at a time, in threads.
    report : callable
        Told of each series.

    Returns
    -------
    tuple of Stability
        One per role and group with at least MIN_STRUCTURES structures.
    tuple of Finding
        Structures that were left out, as they or one of their perturbations carry no features.
    """
    found: dict[str, list[dict[str, NDArray[np.float64]]]] = {}
    left_out: list[Finding] = []
    with ThreadPoolExecutor(jobs) as pool:
        for each in segmentations:
            report(f"{each.volume.role}: {len(each.structures)} structures")
            scale = scaling(each.volume.voxels, each.labels, profile)
            labels = [label for label, name in sorted(each.structures.items()) if group_of(name)]

            def repeat(label: int, each: Segmentation = each, scale: Scaling = scale) -> "_Outcome":
                return _repeat(each, label, profile, scale, perturbations)

            for label, outcome in zip(labels, pool.map(repeat, labels), strict=True):
                if isinstance(outcome, Finding):
                    left_out.append(outcome)
                else:
                    group = group_of(each.structures[label])
                    found.setdefault(f"{each.volume.role}.{group}.{kind_of(profile.label)}", []).append(
                        outcome
                    )
    enough = {prefix: each for prefix, each in sorted(found.items()) if len(each) >= MIN_STRUCTURES}
    return tuple(_stability(prefix, profile, each, perturbations) for prefix, each in enough.items()), tuple(
        left_out
    )


_Outcome = dict[str, NDArray[np.float64]] | Finding


def _repeat(
    segmentation: Segmentation,
    label: int,
    profile: Profile,
    scale: Scaling,
    perturbations: tuple[Perturbation, ...],
) -> _Outcome:
    """Give each feature's values, (repetitions,): as it is, then perturbed."""
    try:
        piece = _piece(segmentation, label, profile)
        pieces = chain([piece], (perturbed(piece, how) for how in perturbations))
        runs = [compute(prepare(one.voxels, one.roi, one.spacing, profile, scale), profile) for one in pieces]
    except FeatureError as error:
        name = segmentation.structures[label]
        return Finding(error.code, f"{segmentation.volume.role} {name}: {error}")
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


def _piece(segmentation: Segmentation, label: int, profile: Profile) -> Piece:
    roi = segmentation.labels == np.uint8(label)
    if not roi.any():
        raise FeatureError("ROI_EMPTY", "the structure has no voxel")
    spacing = index_spacing(segmentation.volume)
    box = widened(bounding_box(roi), _margin(spacing, profile), roi.shape)
    return Piece(segmentation.volume.voxels[box].astype(np.float64), roi[box], spacing)


def _margin(spacing: Triple, profile: Profile) -> tuple[int, int, int]:
    """Give AROUND voxels of the grid on which features are computed, in voxels of the series."""
    target = profile.settings.get("resampledPixelSpacing")
    grid = spacing if target is None else [new or old for old, new in zip(spacing, target[::-1], strict=True)]
    first, second, third = (
        math.ceil(AROUND * max(1.0, new / old)) for old, new in zip(spacing, grid, strict=True)
    )
    return first, second, third


def _stability(
    prefix: str,
    profile: Profile,
    structures: list[dict[str, NDArray[np.float64]]],
    perturbations: tuple[Perturbation, ...],
) -> Stability:
    features = tuple(structures[0])
    # (structures, repetitions, features)
    values = np.array([[one[name] for name in features] for one in structures]).transpose(0, 2, 1)
    agreements = {ALL: agreement(values)}
    for kind in KINDS:
        chosen = [0, *(k for k, how in enumerate(perturbations, start=1) if how.kind == kind)]
        if len(chosen) > 1:
            agreements[kind] = agreement(values[:, chosen])
    return Stability(prefix, profile.label, profile.digest, len(structures), features, agreements)
