"""The one way through: a case's files to result objects and summary.json."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydicom import Dataset

from pipelines import clinical
from pipelines.cache import Cache
from pipelines.dicom.read import read_series
from pipelines.errors import InputError, ModelError, PipelineError
from pipelines.features import radiomics
from pipelines.prediction import chosen, predict, shadow
from pipelines.report import overlay_png
from pipelines.results import write_results
from pipelines.segmentation import choose_device, segmenter_for
from pipelines.selection import select
from pipelines.stages import STAGES_PER_SERIES, Progress, Stopwatch, analyse_series, with_dixon
from pipelines.summary import summarise
from pipelines.types import (
    Analysis,
    AnalysisOutcome,
    AnalysisRequest,
    Finding,
    Role,
    SeriesAnalysis,
    SeriesSelection,
    SourceSeries,
)

IMAGE_MODALITIES = ("CT", "MR")
SUMMARY = "summary.json"
OVERLAY = "overlay.png"  #: a look at every segmentation, for people


def warm() -> None:
    """Do ahead of the first case what is done once in a process."""
    radiomics.warm()


def run(request: AnalysisRequest, progress: Progress = lambda stage, fraction: None) -> AnalysisOutcome:
    """Analyse a case.

    Parameters
    ----------
    request : AnalysisRequest
    progress : callable
        Told the stage and the fraction done, 0 to 1, rising.

    Returns
    -------
    AnalysisOutcome
        "not_applicable" with the reasons where nothing is a usable CT or MR series; summary.json is written
        in either case, with a reason for every series and file. "analysed" has reasons too where a series of
        a role could not be analysed.

    Raises
    ------
    InputError
        If the clinical variables are not valid (CLINICAL_INVALID), or the files are not of one patient
        (MIXED_PATIENTS).
    ModelError
        If a shipped or chosen model is missing or damaged, there is no such segmenter, or no such device.
        What a shadow model does raises nothing.
    OSError
        If `out_dir` cannot be made or written.
    """
    request.out_dir.mkdir(parents=True, exist_ok=True)
    analysis = analyse(request, progress)
    progress("results", 0.95)
    refusals = _not_applicable(analysis)
    reasons = refusals or tuple(analysis.failures.values())
    results = () if refusals else write_results(analysis, request)
    if analysis.analyses:
        overlay_png(analysis, request.out_dir / OVERLAY)
    summary = summarise(analysis, results, request)
    path = request.out_dir / SUMMARY
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    asked = () if refusals else shadow.beside(analysis, request.shadows, request.backbone)
    shadows = shadow.write(asked, request.out_dir)
    progress("done", 1.0)
    status: Literal["analysed", "not_applicable"] = "not_applicable" if refusals else "analysed"
    return AnalysisOutcome(status, reasons, results, summary, path, shadows)


def analyse(request: AnalysisRequest, progress: Progress = lambda stage, fraction: None) -> Analysis:
    """Compute everything, write nothing; see `run`."""
    clock = Stopwatch()
    progress("reading", 0.0)
    with clock.measure("reading"):
        series, rejected = read_series(request.files)
    _check_one_patient(series)
    variables = clinical.complete(request.clinical, _headers(series))
    request = replace(request, device=str(choose_device(request.device)))
    predictors = chosen(request.predictors, request.backbone)  # now: before minutes have passed
    way = _Way(series, request, clock, progress)
    way.go()
    progress("prediction", 0.93)
    with clock.measure("prediction"):
        analyses = with_dixon(way.analyses)
        predictions = predict(analyses, variables, predictors)
    return Analysis(
        series=series,
        rejected=rejected,
        selection=way.selection,
        analyses=analyses,
        failures=way.failures,
        predictions=predictions,
        completing_study_uid=request.completing_study_uid or _newest_study(series),
        timings=dict(clock.seconds),
        clinical=variables,
        tried=frozenset(way.excluded),
    )


@dataclass(eq=False)
class _Way:
    """Every role's best series through the stages; where it fails, the next best."""

    series: tuple[SourceSeries, ...]
    request: AnalysisRequest
    clock: Stopwatch
    progress: Progress
    analyses: dict[Role, SeriesAnalysis] = field(default_factory=dict)
    failures: dict[Role, Finding] = field(default_factory=dict)
    selection: SeriesSelection = field(init=False)
    excluded: dict[str, Finding] = field(default_factory=dict)
    _done: int = 0

    def go(self) -> None:
        """Select, analyse, and select again without what failed, until nothing is left to try."""
        self.selection = select(self.series)
        cache = Cache(self.request.cache_dir)
        while todo := {r: s for r, s in self.selection.chosen.items() if r not in self.analyses}:
            for role, series in todo.items():
                self._try(role, series, cache)
            self.selection = select(self.series, self.excluded)

    def _try(self, role: Role, series: SourceSeries, cache: Cache) -> None:
        try:
            self.analyses[role] = analyse_series(
                series,
                role,
                segmenter=segmenter_for(role, self.request.segmenters),
                device=self.request.device,
                cache=cache,
                clock=self.clock,
                report=self._reporter(role),
                backbone=self.request.backbone,
            )
        except ModelError:
            raise
        except PipelineError as error:
            reason = Finding(error.code, str(error))
            self.excluded[series.series_uid] = reason
            self.failures[role] = reason
        else:
            self.failures.pop(role, None)
        self._done += 1

    def _reporter(self, role: Role) -> Callable[[str], None]:
        total = len(self.selection.chosen) + len(self.excluded)
        stages = iter(range(STAGES_PER_SERIES))

        def report(stage: str) -> None:
            done = self._done + next(stages) / STAGES_PER_SERIES
            self.progress(f"{role.value}: {stage}", 0.02 + 0.9 * min(1.0, done / max(total, 1)))

        return report


def _headers(series: tuple[SourceSeries, ...]) -> list[Dataset]:
    """One header per series, newest study first."""
    firsts = [s.headers[0] for s in series]
    return sorted(firsts, key=lambda h: str(h.get("StudyDate") or ""), reverse=True)


def _check_one_patient(series: tuple[SourceSeries, ...]) -> None:
    """Refuse files of several patients: one's images must never make another's report.

    The message names no patient; it may end in a log.
    """
    people = {_patient(header) for one in series for header in one.headers}
    if len(people) > 1:
        raise InputError(
            "MIXED_PATIENTS",
            f"the files carry {len(people)} different Patient IDs; give the files of one patient at a time",
        )


def _patient(header: Dataset) -> tuple[str, str]:
    """PatientID and its issuer (PS3.3 C.7.1.1)."""
    return str(header.get("PatientID") or "").strip(), str(header.get("IssuerOfPatientID") or "").strip()


def _newest_study(series: tuple[SourceSeries, ...]) -> str:
    """Study with the newest date and time, images before anything else; empty without any series."""
    images = [s for s in series if s.modality in IMAGE_MODALITIES] or list(series)
    if not images:
        return ""
    return max(images, key=lambda s: (_when(s), s.study_uid)).study_uid


def _when(series: SourceSeries) -> tuple[str, str]:
    header = series.headers[0]
    return str(header.get("StudyDate") or ""), str(header.get("StudyTime") or "")


def _not_applicable(analysis: Analysis) -> tuple[Finding, ...]:
    """Reasons why the completing study adds nothing to report on; empty where it does.

    The rest of a case was reported when it arrived: a brain MR that comes after a lumbar CT gets no report.
    """
    study = analysis.completing_study_uid
    series = [s for s in analysis.series if s.study_uid == study]
    analysed = {a.segmentation.volume.series.series_uid for a in analysis.analyses.values()}
    if any(s.series_uid in analysed | analysis.tried for s in series):
        return ()
    verdicts = [v for v in analysis.selection.verdicts if v.study_uid == study]
    found = [v.reason for v in verdicts] or [r.reason for r in analysis.rejected]
    reasons: Mapping[str, Finding] = {reason.code: reason for reason in found}
    return tuple(reasons.values()) or (Finding("NO_SERIES", "there is no file to analyse"),)
