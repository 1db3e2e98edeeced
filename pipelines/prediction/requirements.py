"""Which inputs of a predictor are there, and for each that is not, the reason in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.signatures.predictor import TrainedPredictor, Variant
from pipelines.readable import block_name, clinical_name, feature_name, role_name
from pipelines.types import SAGITTAL_ROLES, Finding, Role, SeriesAnalysis

SERIES_MISSING: Final = "SERIES_MISSING"
FEATURES_MISSING: Final = "FEATURES_MISSING"
CLINICAL_MISSING: Final = "CLINICAL_MISSING"
LEVEL_UNKNOWN: Final = "LEVEL_UNKNOWN"

#: Share of a block's features that must be there; single ones may fail on a single structure.
ENOUGH: Final = 0.8


@dataclass(frozen=True)
class Inputs:
    """The variant to use and what it finds.

    `reasons` is empty exactly when the variant can be used. `used` and `missing` are for people; `missing`
    also names optional inputs and those of a more complete variant.
    """

    variant: Variant
    reasons: tuple[Finding, ...]
    used: tuple[str, ...]
    missing: tuple[str, ...]


def choose(
    predictor: TrainedPredictor,
    analyses: Mapping[Role, SeriesAnalysis],
    row: Mapping[str, float],
    clinical: Mapping[str, Any],
) -> Inputs:
    """Choose the most complete variant whose inputs are all there, else the one that lacks least."""
    lacking = [_lacking(variant, analyses, row) for variant in predictor.variants]
    best = min(range(len(lacking)), key=lambda i: (len(lacking[i]), i))
    variant = predictor.variants[best]
    unknown = [name for name in predictor.required_clinical if clinical.get(name) is None]
    reasons = [
        *lacking[best].values(),
        *_level_reasons(predictor, variant, analyses),
        *([_clinical_reason(unknown)] if unknown else []),
    ]
    wider = {name for names in lacking[:best] for name in names}
    optional = {name for name in predictor.optional_clinical if clinical.get(name) is None}
    missing = sorted(lacking[best].keys() | wider) + sorted([*unknown, *optional])
    there = (key for key in _keys(variant) if _role(key) in analyses)
    used = [name for name in map(_input_name, there) if name not in lacking[best]]
    known = [name for name in _clinical(predictor) if clinical.get(name) is not None]
    used += [clinical_name(name, clinical[name]) for name in known]
    return Inputs(variant, tuple(reasons), tuple(used), tuple(missing))


def _lacking(
    variant: Variant, analyses: Mapping[Role, SeriesAnalysis], row: Mapping[str, float]
) -> dict[str, Finding]:
    """Readable name of each missing series, block or measurement, with its reason."""
    lacking: dict[str, Finding] = {}
    for role in dict.fromkeys(map(_role, _keys(variant))):
        if role not in analyses:
            lacking[role_name(role)] = _series_reason(role)
    for key in _keys(variant):
        if _role(key) in analyses and not _present(key, variant, row):
            name = _input_name(key)
            text = f"{name}: not computed, because the structure was not found or is not measurable"
            lacking[name] = Finding(FEATURES_MISSING, text)
    return lacking


def _present(key: str, variant: Variant, row: Mapping[str, float]) -> bool:
    columns = [name for name in variant.columns if name == key or name.startswith(f"{key}.")]
    return sum(name in row for name in columns) >= ENOUGH * len(columns)


def _level_reasons(
    predictor: TrainedPredictor, variant: Variant, analyses: Mapping[Role, SeriesAnalysis]
) -> list[Finding]:
    """Only the spine itself is counted in levels; axial muscles are not."""
    if not predictor.needs_levels:
        return []
    counted = {Role.CT, *SAGITTAL_ROLES}
    roles = {_role(block) for block in variant.blocks} & counted & analyses.keys()
    return [
        Finding(
            LEVEL_UNKNOWN,
            f"{role_name(role)}: the lumbar levels could not be numbered; the sacrum must be in view and the "
            "count unambiguous",
        )
        for role in sorted(roles)
        if not analyses[role].segmentation.levels_determined
    ]


def _series_reason(role: str) -> Finding:
    return Finding(SERIES_MISSING, f"no usable {role_name(role)} series in this case; acquire or send it")


def _clinical_reason(unknown: list[str]) -> Finding:
    names = ", ".join(unknown)
    return Finding(CLINICAL_MISSING, f"clinical variables not known: {names}; give them with the study")


def _keys(variant: Variant) -> tuple[str, ...]:
    return (*variant.blocks, *variant.measurements)


def _clinical(predictor: TrainedPredictor) -> tuple[str, ...]:
    return predictor.required_clinical + predictor.optional_clinical


def _input_name(key: str) -> str:
    return block_name(key) if key.count(".") == 2 else feature_name(key)


def _role(key: str) -> Role:
    return Role(key.partition(".")[0])
