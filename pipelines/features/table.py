"""One row of named numbers per case: what the predictors read.

Keys are `<role>.<group>.<kind>.<feature>`: the mean over the levels (bone, discs) and sides (muscles) that
have the feature, as in `ct.vertebra.radiomics.original_firstorder_Mean`, `mr_sag_t2.disc.deep.deep_017` and
`mr_axial_t2.multifidus.measurement.fat_fraction`. Zou et al. 2025 leave the rule across levels open; the
mean keeps the row's width the same whether five levels are in view or three.

Where the fused levels are known, `adjacent_<group>` is the mean over the vertebrae or discs next to the
fusion (`pipelines.features.adjacent`), as in `mr_sag_t2.adjacent_disc.radiomics.original_firstorder_Mean`.

`<kind>` is `radiomics` (the paper's z-score profile), `radiomics_hu` (the HU profile), `deep` or
`measurement`.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from pipelines.features.adjacent import adjacent_levels, is_adjacent
from pipelines.features.structures import group_of
from pipelines.types import FeatureVector, Role, SeriesAnalysis


def feature_row(
    analyses: Mapping[Role, SeriesAnalysis], fused_levels: Sequence[str] | None = None
) -> dict[str, float]:
    """Join everything computed from a case's series into one row.

    Parameters
    ----------
    analyses : mapping of Role to SeriesAnalysis
    fused_levels : sequence of str, optional
        Levels that are fused or to be fused, "L4-L5": adds `adjacent_<group>`. A series whose levels could
        not be numbered has none.

    Returns
    -------
    dict of str to float
        Sorted by key. A structure without features (it has a `reason`), a value that is not finite, and a
        structure of no group (sacrum, spinal canal) add nothing; a key without any value is absent.
    """
    adjacent = adjacent_levels(fused_levels or ())
    found: defaultdict[str, list[float]] = defaultdict(list)
    for analysis in analyses.values():
        here = adjacent if analysis.segmentation.levels_determined else frozenset[str]()
        for key, value in _items(analysis, here):
            if math.isfinite(value):
                found[key].append(value)
    return {key: math.fsum(values) / len(values) for key, values in sorted(found.items())}


def _items(analysis: SeriesAnalysis, adjacent: Collection[str]) -> Iterator[tuple[str, float]]:
    for vector in analysis.features:
        for group in _groups(vector.structure, adjacent):
            yield from _features(vector, group)
    for measurement in analysis.measurements:
        for group in _groups(measurement.structure, adjacent):
            yield f"{measurement.role}.{group}.measurement.{measurement.name}", measurement.value


def _groups(structure: str, adjacent: Collection[str]) -> Iterator[str]:
    group = group_of(structure)
    if group is not None:
        yield group
        if is_adjacent(structure, adjacent):
            yield f"adjacent_{group}"


def _features(vector: FeatureVector, group: str) -> Iterator[tuple[str, float]]:
    if vector.reason is not None:
        return
    kind = kind_of(vector.profile) if vector.kind == "radiomics" else vector.kind
    for name, value in vector.values.items():
        yield f"{vector.role}.{group}.{kind}.{name}", value


def kind_of(profile: str) -> str:
    """Keep two radiomics profiles of one structure apart: a feature's name means another number in each.

    Parameters
    ----------
    profile : str
        Name and version: "hu@1".
    """
    return "radiomics_hu" if profile.startswith("hu@") else "radiomics"
