"""Analyses of the shape of `pipelines.analyse.run`, small enough to watch: good ones and bad ones."""

import os
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

from pipelines.errors import InputError
from pipelines.types import AnalysisOutcome, AnalysisRequest, Finding, ResultFile

Progress = Callable[[str, float], None]


def report(request: AnalysisRequest, progress: Progress) -> AnalysisOutcome:
    """Write a small SR per study, named by what it is about, and one for the case."""
    progress("reading", 0.1)
    headers = [dcmread(path, stop_before_pixels=True) for path in request.files]
    studies = sorted({str(header.StudyInstanceUID) for header in headers})
    made = [_write(request, "measurement_sr", study, [study], str([study])) for study in studies]
    case = request.completing_study_uid or studies[0]
    text = f"{studies} {request.clinical}"
    made.append(_write(request, "risk_sr", case, [*studies, str(request.clinical)], text))
    progress("done", 1.0)
    summary = {"predictions": {"studies": len(studies)}, "clinical": request.clinical}
    return AnalysisOutcome("analysed", (), tuple(made), summary, request.out_dir / "summary.json")


def refuse(_request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """Raise an error of the pipelines."""
    raise InputError("NOT_A_SPINE", "the files show no spine; send others")


def not_applicable(request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """Find nothing to do."""
    reason = Finding("HEAD", "this is a head")
    return AnalysisOutcome("not_applicable", (reason,), (), {}, request.out_dir / "summary.json")


def stumble(request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """Meet a bug whose text quotes a header."""
    raise KeyError(f"DOE^JANE {request.files[0]}")


def crash(_request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """End the process."""
    os._exit(7)


def hang(_request: AnalysisRequest, progress: Progress) -> AnalysisOutcome:
    """Never come back."""
    progress("hanging", 0.5)
    threading.Event().wait()
    raise AssertionError


def devour(_request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """Take memory without end, 16 MiB at a time."""
    taken = []
    while True:
        taken.append(bytearray(os.urandom(1 << 12) * (1 << 12)))


def moody(request: AnalysisRequest, progress: Progress) -> AnalysisOutcome:
    """Hang on the first attempt, for as long as it takes; report on the next."""
    mark = request.cache_dir / "tried"
    mark.parent.mkdir(parents=True, exist_ok=True)
    with mark.open("a") as attempts:
        attempts.write("x")
    return hang(request, progress) if mark.stat().st_size == 1 else report(request, progress)


def tally(request: AnalysisRequest, _progress: Progress) -> AnalysisOutcome:
    """Write one SR that names every instance, under a UID that follows from them; refuse by body part."""
    headers = [dcmread(path, stop_before_pixels=True) for path in request.files]
    if headers[0].get("BodyPartExamined") == "HEAD":
        return not_applicable(request, _progress)
    if headers[0].get("BodyPartExamined") == "BROKEN":
        return refuse(request, _progress)
    uids = sorted(str(header.SOPInstanceUID) for header in headers)
    study = str(headers[0].StudyInstanceUID)
    made = (_write(request, "measurement_sr", study, uids, " ".join(uids)),)
    return AnalysisOutcome("analysed", (), made, {"instances": len(uids)}, request.out_dir / "summary.json")


def gated(request: AnalysisRequest, progress: Progress) -> AnalysisOutcome:
    """Tally once there is a file "go" in the node's cache."""
    progress("waiting", 0.5)
    pause = threading.Event()
    while not (request.cache_dir / "go").exists():
        pause.wait(0.05)
    return tally(request, progress)


def _write(request: AnalysisRequest, kind: str, study: str, about: list[str], key: str) -> ResultFile:
    dataset = Dataset()
    dataset.SOPClassUID = ComprehensiveSRStorage
    dataset.SOPInstanceUID = f"2.25.{int(sha256(f'{kind} {about}'.encode()).hexdigest()[:30], 16)}"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{dataset.SOPInstanceUID}.1"
    dataset.Modality = "SR"
    dataset.ContentDate = request.clock.strftime("%Y%m%d")
    dataset.ContentTime = request.clock.strftime("%H%M%S.%f")
    dataset.TextValue = key
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path: Path = request.out_dir / f"{kind}-{study}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return ResultFile(
        path, kind, dataset.SOPClassUID, dataset.SOPInstanceUID, study, dataset.SeriesInstanceUID
    )
