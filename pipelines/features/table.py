"""One row of named numbers per case: what the predictors read.

Keys are `<role>.<group>.<kind>.<feature>`: the mean over the levels (bone, discs) and sides (muscles) that
have the feature, as in `ct.vertebra.radiomics.original_firstorder_Mean`, `mr_sag_t2.disc.deep.deep_017` and
`mr_axial_t2.multifidus.measurement.fat_fraction`. Zou et al. 2025 leave the rule across levels open; the
mean keeps the row's width the same whether five levels are in view or three.

`<kind>` is `radiomics` (the paper's z-score profile), `radiomics_hu` (the HU profile), `deep` or
`measurement`.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from pipelines.features.structures import group_of
from pipelines.types import FeatureVector, Measurement, Role, SeriesAnalysis


def feature_row(analyses: Mapping[Role, SeriesAnalysis]) -> dict[str, float]:
    """Join everything computed from a case's series into one row.

    Parameters
    ----------
    analyses : mapping of Role to SeriesAnalysis

    Returns
    -------
    dict of str to float
        Sorted by key. A structure without features (it has a `reason`), a value that is not finite, and a
        structure of no group (sacrum, spinal canal) add nothing; a key without any value is absent.
    """
    found: defaultdict[str, list[float]] = defaultdict(list)
    for analysis in analyses.values():
        for key, value in _items(analysis):
            if math.isfinite(value):
                found[key].append(value)
    return {key: math.fsum(values) / len(values) for key, values in sorted(found.items())}


def _items(analysis: SeriesAnalysis) -> Iterator[tuple[str, float]]:
    for vector in analysis.features:
        yield from _features(vector)
    for measurement in analysis.measurements:
        yield from _measurement(measurement)


def _features(vector: FeatureVector) -> Iterator[tuple[str, float]]:
    group = group_of(vector.structure)
    if group is None or vector.reason is not None:
        return
    kind = kind_of(vector.profile) if vector.kind == "radiomics" else vector.kind
    prefix = f"{vector.role}.{group}.{kind}"
    for name, value in vector.values.items():
        yield f"{prefix}.{name}", value


def _measurement(measurement: Measurement) -> Iterator[tuple[str, float]]:
    group = group_of(measurement.structure)
    if group is not None:
        yield f"{measurement.role}.{group}.measurement.{measurement.name}", measurement.value


def kind_of(profile: str) -> str:
    """Keep two radiomics profiles of one structure apart: a feature's name means another number in each.

    Parameters
    ----------
    profile : str
        Name and version: "hu@1".
    """
    return "radiomics_hu" if profile.startswith("hu@") else "radiomics"
