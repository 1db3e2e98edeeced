"""One patient of a cohort through the node's real way; runs in a process of its own."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.analyse import analyse
from pipelines.cohort.pairing import pair, studies_of
from pipelines.cohort.rows import CaseRow, Remark, read_row, row_key, write_row
from pipelines.dicom.read import read_series
from pipelines.errors import PipelineError
from pipelines.features import deep
from pipelines.features.cubes import write_cubes
from pipelines.features.radiomics import PROFILES
from pipelines.features.scanners import scanner_row
from pipelines.features.table import feature_row
from pipelines.segmentation import segmenter_for
from pipelines.types import Analysis, AnalysisRequest, ModelIdentity, Role, SegmenterChoice
from pipelines.version import VERSION

CACHE = "series"  #: what was computed from single series: a kill loses one series at most


@dataclass(frozen=True, slots=True)
class CaseOrder:
    """What to compute; plain data, so that it travels between processes.

    Attributes
    ----------
    files : tuple of Path
        Of one patient; the studies of one case are chosen among them.
    fused_levels : tuple of str
    folder : Path
        Rows are kept here.
    depends_on : tuple of str
        See `dependencies`.
    device : str
    segmenters : mapping of Role to SegmenterChoice
    pairing_days : int
    """

    files: tuple[Path, ...]
    fused_levels: tuple[str, ...]
    folder: Path
    depends_on: tuple[str, ...]
    device: str
    segmenters: Mapping[Role, SegmenterChoice]
    pairing_days: int
    backbone: Path | None = None  #: folder of the deep features' network; None: the shipped one
    cubes: Path | None = None  #: gets the structures' crops, for fine-tuning that network


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """The key of a patient's row, or why there is none; `kept` if it was there already."""

    key: str | None = None
    kept: bool = False
    failure: Remark | None = None


def dependencies(
    device: str, segmenters: Mapping[Role, SegmenterChoice], backbone: Path | None = None
) -> tuple[str, ...]:
    """Return what every row depends on beside its files: software, networks and profiles, by digest.

    Raises
    ------
    ModelError
        If a model is missing or damaged: no patient could be analysed.
    """
    segmenting = [segmenter_for(role, segmenters).identity(device).digest for role in Role]
    network = deep.load_network(device, backbone).identity.digest
    return (VERSION, network, *segmenting, *(profile.digest for profile in PROFILES.values()))


def extract_case(order: CaseOrder) -> CaseAnswer:
    """Compute a patient's row unless it is there, and keep it. Raises nothing: what fails is an answer."""
    stage = ["reading"]

    def progress(name: str, _fraction: float) -> None:
        stage[0] = name

    try:
        key = row_key(order.files, (*order.depends_on, *order.fused_levels, str(order.pairing_days)))
        if read_row(order.folder, key) is not None and (order.cubes is None or order.cubes.exists()):
            return CaseAnswer(key, kept=True)
        request = _request(order)
        analysis = analyse(request, progress)
        if not analysis.analyses:
            return CaseAnswer(failure=_nothing(analysis))
        if order.cubes is not None:
            write_cubes(order.cubes, [one.segmentation for one in analysis.analyses.values()])
        write_row(order.folder, key, _row(analysis, order))
    except PipelineError as error:
        return CaseAnswer(failure=Remark(stage[0], error.code, str(error)))
    except Exception as error:  # noqa: BLE001 - one patient's surprise must not end the other 300
        return CaseAnswer(failure=Remark(stage[0], "UNEXPECTED", _where(error)))
    return CaseAnswer(key)


def _request(order: CaseOrder) -> AnalysisRequest:
    """Ask for the case that the node would make of these files; files of no series stay in, to be named."""
    series, _rejected = read_series(order.files)
    studies = studies_of(series)
    chosen = {path for study in pair(studies, order.pairing_days) for path in study.paths}
    left_out = {path for study in studies for path in study.paths} - chosen
    return AnalysisRequest(
        files=tuple(path for path in order.files if path not in left_out),
        out_dir=order.folder,
        clock=datetime.now(UTC),
        cache_dir=order.folder / CACHE,
        device=order.device,
        segmenters=order.segmenters,
        backbone=order.backbone,
    )


def _row(analysis: Analysis, order: CaseOrder) -> CaseRow:
    network = deep.load_network(order.device, order.backbone).identity
    models = {str(role): _text(one.segmentation.model) for role, one in analysis.analyses.items()}
    return CaseRow(
        features=feature_row(analysis.analyses, order.fused_levels),
        scanners=scanner_row(analysis.analyses),
        headers=analysis.clinical,
        models={**models, "deep": _text(network)},
        profiles={profile.label: profile.digest for profile in PROFILES.values()},
        remarks=tuple(Remark(str(role), one.code, one.text) for role, one in analysis.failures.items()),
    )


def _text(model: ModelIdentity) -> str:
    return f"{model.name} {model.version} {model.digest}"


def _nothing(analysis: Analysis) -> Remark:
    """Say why nothing could be analysed: what failed, else why no series was chosen or no file read."""
    for role, reason in analysis.failures.items():
        return Remark(str(role), reason.code, reason.text)
    reasons = [v.reason for v in analysis.selection.verdicts] or [r.reason for r in analysis.rejected]
    for reason in reasons:
        return Remark("selection", reason.code, reason.text)
    return Remark("reading", "NO_SERIES", "there is no file to analyse")


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} in {last.name} ({Path(last.filename).name}:{last.lineno})"
