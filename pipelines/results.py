"""From an analysis to the result objects on disk.

For each analysed series one SEG and one measurement SR; for the case one risk SR, in the study that
completed it; on request an encapsulated PDF and one overlay picture per series. A case in which nothing could
be analysed still gets its risk SR, which says why.
"""

from collections.abc import Iterator, Mapping, Sequence

from pydicom.dataset import Dataset

from pipelines.dicom.objects import write
from pipelines.dicom.overlay import build_overlay
from pipelines.dicom.pdf import build_pdf
from pipelines.dicom.planes import evidence
from pipelines.dicom.predecessors import headers_of, supersede
from pipelines.dicom.sanitize import repaired
from pipelines.dicom.seg import build_seg, is_segmentable, series_number
from pipelines.dicom.sr_measurements import build_measurement_sr
from pipelines.dicom.sr_risk import CaseReport, build_risk_sr
from pipelines.report import report_pdf, series_picture
from pipelines.types import (
    Analysis,
    AnalysisRequest,
    Finding,
    ResultFile,
    Role,
    SeriesAnalysis,
    SourceSeries,
)

_IMAGE_MODALITIES = ("CT", "MR")


def write_results(analysis: Analysis, request: AnalysisRequest) -> tuple[ResultFile, ...]:
    """Write every result object of a case into `request.out_dir`.

    Parameters
    ----------
    analysis : Analysis
    request : AnalysisRequest
        Its clock gives every time in the objects; `title_mode`, `with_pdf` and `with_overlay` say what to
        write.

    Returns
    -------
    tuple of ResultFile
        SEG and measurement SR by series, then risk SR, PDF and overlays. Empty if the case has no image.

    Raises
    ------
    PipelineError
        EMPTY_STRUCTURE, LABEL_UNKNOWN, CODE_MISSING or GRID_MISMATCH: what came out of the analysis cannot be
        written as it is.
    """
    return tuple(_objects(analysis, request))


def _objects(analysis: Analysis, request: AnalysisRequest) -> Iterator[ResultFile]:
    case_evidence: list[Dataset] = []
    previous = headers_of(request.previous)
    measured = _once_per_series(analysis.analyses)
    for role, one in measured.items():
        seg = build_seg(one.segmentation, request.clock)
        report = build_measurement_sr(one, seg, request.title_mode, request.clock)
        supersede(report, previous)
        yield write(seg.dataset, "seg", request.out_dir / f"seg_{role}.dcm")
        yield write(report, "measurement_sr", request.out_dir / f"measurements_{role}.dcm")
        case_evidence += [*evidence(one.segmentation.volume), seg.dataset, report]
    yield from _case_objects(analysis, request, case_evidence, previous)
    if request.with_overlay:
        yield from _overlays(measured, request)


def _once_per_series(analyses: Mapping[Role, SeriesAnalysis]) -> dict[Role, SeriesAnalysis]:
    """Leave out what has no structure, and the second role of a series that plays two.

    The water and the fat images of one Dixon acquisition may share a series. Both lie on one grid and show
    the same muscles: the objects are the water role's, which has the fat fraction too.
    """
    measured: dict[str, Role] = {}
    for role in sorted(analyses, key=list(Role).index):
        segmentation = analyses[role].segmentation
        if is_segmentable(segmentation):
            measured.setdefault(segmentation.volume.series.series_uid, role)
    return {role: one for role, one in analyses.items() if role in measured.values()}


def _case_objects(
    analysis: Analysis, request: AnalysisRequest, gathered: list[Dataset], previous: Sequence[Dataset]
) -> Iterator[ResultFile]:
    anchor = _anchor(analysis)
    if anchor is None:
        return
    header = repaired(anchor.headers[0])
    case = CaseReport(
        predictions=analysis.predictions,
        reasons=_reasons(analysis),
        evidence=[header, *gathered],
        source_number=_number(anchor),
        clinical=analysis.clinical,
    )
    risk = build_risk_sr(case, request.title_mode, request.clock)
    supersede(risk, previous)
    yield write(risk, "risk_sr", request.out_dir / "risk.dcm")
    if request.with_pdf:
        pdf = report_pdf(analysis, request.clock)
        document = build_pdf(pdf, [risk, *gathered], header, request.title_mode, request.clock)
        yield write(document, "pdf", request.out_dir / "report.dcm")


def _overlays(measured: dict[Role, SeriesAnalysis], request: AnalysisRequest) -> Iterator[ResultFile]:
    for role, one in measured.items():
        picture = build_overlay(one.segmentation, series_picture(one.segmentation), request.clock)
        yield write(picture, "overlay", request.out_dir / f"overlay_{role}.dcm")


def _anchor(analysis: Analysis) -> SourceSeries | None:
    """Choose the series whose first image gives the risk SR its patient and study.

    It lies in the study that completed the case, was analysed, and has the lowest number: each as far as
    there is such a series.
    """
    analysed = {one.segmentation.volume.series.series_uid for one in analysis.analyses.values()}
    images = [series for series in analysis.series if series.modality in _IMAGE_MODALITIES]
    return min(
        images,
        key=lambda series: (
            series.study_uid != analysis.completing_study_uid,
            series.series_uid not in analysed,
            _number(series) or 0,
            series.series_uid,
        ),
        default=None,
    )


def _number(series: SourceSeries) -> int | None:
    return series_number(series.headers[0])


def _reasons(analysis: Analysis) -> list[Finding]:
    """List what failed and, where nothing was analysed, why each series plays no role."""
    failed = list(analysis.failures.values())
    if analysis.analyses:
        return failed
    return failed + [verdict.reason for verdict in analysis.selection.verdicts if verdict.role is None]
