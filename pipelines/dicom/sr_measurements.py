"""The measurement SR: one TID 1411 group per segment of the series' SEG.

Groups carry the segments' own tracking UIDs, so that a reader can go from a number to its outline. Of the
many hundred radiomics features only a readable few are written (docs/decisions/radiomics-in-the-sr.md).
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import highdicom as hd
from pydicom.dataset import Dataset

from pipelines.dicom.codes import (
    LEVEL_STATUS,
    LEVEL_UNDETERMINED,
    NO_UNITS,
    QUALITY_WARNING,
    measurement_code,
    private_for,
    unit_code,
)
from pipelines.dicom.objects import Identity, identify
from pipelines.dicom.planes import evidence
from pipelines.dicom.product import RESEARCH_USE
from pipelines.dicom.radiomics_codes import REPORTED, feature_code
from pipelines.dicom.seg import SegObject, series_number, source_digest
from pipelines.dicom.sr import ReportContent, TitleMode, algorithm, build_sr, evaluation
from pipelines.dicom.structures import ANATOMICAL_STRUCTURE, structure_of
from pipelines.types import FeatureVector, Finding, Measurement, Segmentation, SeriesAnalysis
from pipelines.version import VERSION
from pipelines.wording import NOT_REVIEWED, finding_text, model_text

_DIXON = "dixon"  #: method of the fat fractions from a water series and its fat series
_DIGITS = 6  # significant; more would be noise, and DS holds 16 characters


def build_measurement_sr(
    analysis: SeriesAnalysis, seg: SegObject, title_mode: TitleMode, clock: datetime
) -> Dataset:
    """Make the measurement SR of one series.

    Parameters
    ----------
    analysis : SeriesAnalysis
    seg : SegObject
        The SEG of the same series.
    title_mode : {"readable", "strict"}
    clock : datetime
        Aware.

    Raises
    ------
    PipelineError
        CODE_MISSING, if a measurement or a unit has no code.
    """
    content = ReportContent(
        groups=[_group(analysis, seg, label) for label in seg.numbers],
        summary=[_summary(analysis.segmentation, seg)],
        comments=[finding_text(finding) for finding in warnings_of(analysis.segmentation)],
    )
    items = [*evidence(analysis.segmentation.volume), seg.dataset]
    return build_sr(content, items, _identity(analysis, title_mode), title_mode, clock)


def warnings_of(segmentation: Segmentation) -> list[Finding]:
    """List the warnings about a series' geometry and about its segmentation, each once."""
    return list(dict.fromkeys((*segmentation.volume.warnings, *segmentation.warnings)))


def _identity(analysis: SeriesAnalysis, title_mode: TitleMode) -> Identity:
    segmentation = analysis.segmentation
    role, model = segmentation.volume.role, segmentation.model
    profiles = sorted({(vector.profile, vector.digest) for vector in analysis.features})
    return identify(
        "measurement_sr",
        series_number(segmentation.volume.series.headers[0]),
        f"lumbar-node measurements {role} (RESEARCH)",
        source_digest(segmentation),
        role,
        model.name,
        model.version,
        model.digest,
        profiles,
        title_mode,
        *_of_other_series(analysis.measurements),
    )


def _of_other_series(measurements: Iterable[Measurement]) -> Iterator[tuple[str, str, float]]:
    """Give what rests on a second series: a later revision that has it makes a new report."""
    for one in measurements:
        if one.method == _DIXON:
            yield one.structure, one.name, _rounded(one.value)


def _summary(segmentation: Segmentation, seg: SegObject) -> str:
    number = series_number(segmentation.volume.series.headers[0])
    series = "a series without number" if number is None else f"series {number}"
    return (
        f"{RESEARCH_USE}. {len(seg.numbers)} structures measured on {series}"
        f" ({segmentation.volume.role}), segmented by {model_text(segmentation.model)}. {NOT_REVIEWED}"
    )


def _group(analysis: SeriesAnalysis, seg: SegObject, label: str) -> Any:
    segmentation, structure = analysis.segmentation, structure_of(label)
    tracking_uid, tracking_id = seg.tracking(label)
    vectors = [
        vector for vector in analysis.features if vector.structure == label and vector.kind == "radiomics"
    ]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=tracking_uid, identifier=tracking_id),
        referenced_segment=hd.sr.ReferencedSegment(
            seg.dataset.SOPClassUID,
            seg.dataset.SOPInstanceUID,
            seg.numbers[label],
            source_series=hd.sr.SourceSeriesForSegmentation(segmentation.volume.series.series_uid),
        ),
        finding_category=ANATOMICAL_STRUCTURE,
        finding_type=structure.kind,
        algorithm_id=algorithm(segmentation.model),
        finding_sites=[hd.sr.FindingSite(structure.kind, laterality=structure.side)],
        measurements=[*_measured(analysis.measurements, label), *_radiomics(vectors)],
        qualitative_evaluations=[*_levels(segmentation), *_reasons(vectors)],
    )


def _measured(measurements: Iterable[Measurement], label: str) -> Iterator[Any]:
    for measurement in measurements:
        if measurement.structure != label or not math.isfinite(measurement.value):
            continue
        code = measurement_code(measurement.name)
        yield hd.sr.Measurement(
            code.concept,
            _rounded(measurement.value),
            unit_code(measurement.unit),
            derivation=code.derivation,
            method=private_for(measurement.method) if measurement.method else None,
        )


def _radiomics(vectors: Iterable[FeatureVector]) -> Iterator[Any]:
    """Write the reported features of the first profile that has any; a second one would repeat every name."""
    vector = next((vector for vector in vectors if vector.reason is None), None)
    if vector is None:
        return
    for name in REPORTED:
        value = vector.values.get(name, math.nan)
        if math.isfinite(value):
            yield hd.sr.Measurement(
                feature_code(name), _rounded(value), NO_UNITS, algorithm_id=_profile(vector)
            )


def _profile(vector: FeatureVector) -> Any:
    name, _, version = vector.profile.partition("@")
    return hd.sr.AlgorithmIdentification(
        name=f"radiomics {name}", version=version or VERSION, parameters=[f"sha256:{vector.digest}"]
    )


def _levels(segmentation: Segmentation) -> list[Any]:
    return [] if segmentation.levels_determined else [evaluation(LEVEL_STATUS, LEVEL_UNDETERMINED)]


def _reasons(vectors: Iterable[FeatureVector]) -> list[Any]:
    codes = dict.fromkeys(vector.reason.code for vector in vectors if vector.reason is not None)
    return [evaluation(QUALITY_WARNING, private_for(code)) for code in codes]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
