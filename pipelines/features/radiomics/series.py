"""Radiomics of every structure of a segmented series."""

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from pipelines.errors import FeatureError
from pipelines.features.geometry import index_spacing
from pipelines.features.radiomics.engine import compute
from pipelines.features.radiomics.prepare import Crop, prepare, scaling
from pipelines.features.radiomics.profiles import Profile, resolve
from pipelines.features.structures import group_of
from pipelines.types import FeatureVector, Finding, Segmentation

Outcome = Mapping[str, float] | Finding


def extract_series(
    segmentation: Segmentation, profile: str | Mapping[str, Any] | Profile, jobs: int = 1
) -> tuple[FeatureVector, ...]:
    """Extract the features of all vertebrae, bodies, discs and muscles of a series.

    The sacrum and the canal carry none (see `structures.group_of`), but count as labelled voxels where the
    profile normalises over these.

    Parameters
    ----------
    segmentation : Segmentation
    profile : str, mapping or Profile
    jobs : int
        Structures computed at a time, in threads. The values do not depend on it.

    Returns
    -------
    tuple of FeatureVector
        One per structure in label order; one without values and with a `reason` where the structure cannot
        carry features.

    Raises
    ------
    FeatureError
        If the profile is unusable.
    """
    chosen = resolve(profile)
    chosen_labels = [label for label in sorted(segmentation.structures) if _wanted(segmentation, label)]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        pending = [
            prepared if isinstance(prepared, Finding) else pool.submit(compute, prepared, chosen)
            for prepared in _prepared(segmentation, chosen_labels, chosen)
        ]
        outcomes = [each if isinstance(each, Finding) else _result(each) for each in pending]
    return tuple(
        _vector(segmentation, label, chosen, outcome)
        for label, outcome in zip(chosen_labels, outcomes, strict=True)
    )


def _wanted(segmentation: Segmentation, label: int) -> bool:
    return group_of(segmentation.structures[label]) is not None


def _prepared(
    segmentation: Segmentation, chosen_labels: list[int], profile: Profile
) -> Iterator[Crop | Finding]:
    """Yield each structure's crop, or why it has none."""
    voxels, labels = segmentation.volume.voxels, segmentation.labels
    spacing = index_spacing(segmentation.volume)
    try:
        scale = scaling(voxels, labels, profile)
    except FeatureError as error:
        yield from [Finding(error.code, str(error))] * len(chosen_labels)
        return
    for label in chosen_labels:
        try:
            yield prepare(voxels, labels == np.uint8(label), spacing, profile, scale)
        except FeatureError as error:
            yield Finding(error.code, str(error))


def _result(pending: "Future[OrderedDict[str, float]]") -> Outcome:
    """Give what a thread computed; a number that is not finite is no feature."""
    try:
        return {name: value for name, value in pending.result().items() if math.isfinite(value)}
    except FeatureError as error:
        return Finding(error.code, str(error))


def _vector(segmentation: Segmentation, label: int, profile: Profile, outcome: Outcome) -> FeatureVector:
    reason, values = (outcome, {}) if isinstance(outcome, Finding) else (None, outcome)
    return FeatureVector(
        role=segmentation.volume.role,
        structure=segmentation.structures[label],
        kind="radiomics",
        profile=profile.label,
        digest=profile.digest,
        values=values,
        reason=reason,
    )
