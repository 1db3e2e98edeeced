"""A whole cohort to features: parallel, resumable, and never stopped by one patient."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pebble import ProcessExpired

from models.backbone.seen import SeenError, refuse_seen
from pipelines.cohort.case import CaseAnswer, CaseOrder, dependencies, extract_case
from pipelines.cohort.pool import Executor
from pipelines.cohort.read import IN_SAMPLE, Cohort, Patient
from pipelines.cohort.rows import CaseRow, Remark, read_row
from pipelines.errors import InputError
from pipelines.segmentation import choose_device
from pipelines.types import Role, SegmenterChoice

PAIRING_DAYS: Final = 180
CASE: Final = "case"


@dataclass(frozen=True, slots=True)
class Extraction:
    """What became of a cohort.

    Attributes
    ----------
    rows : mapping of str to CaseRow
        By patient, in the sheet's order.
    failures : tuple of (str, Remark)
        Patients without a row, and why.
    """

    rows: Mapping[str, CaseRow]
    failures: tuple[tuple[str, Remark], ...]

    @property
    def remarks(self) -> Iterator[tuple[str, Remark]]:
        """Everything that was not computed: the failures, and series that patients with a row lack."""
        yield from self.failures
        for patient, row in self.rows.items():
            yield from ((patient, remark) for remark in row.remarks)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a cohort is worked through.

    Attributes
    ----------
    folder : Path
        A finished row per patient is kept here; what is there is not computed again.
    device : str
        "auto", "cpu", "cuda" …
    segmenters : mapping of Role to SegmenterChoice
    pairing_days : int
        Studies of one patient that lie further apart make no case.
    backbone : Path, optional
        Folder of the deep features' network; the shipped one by default.
    cubes : Path, optional
        Gets PATIENT.npz with the structures' crops, for fine-tuning that network.
    """

    folder: Path
    device: str = "auto"
    segmenters: Mapping[Role, SegmenterChoice] = field(default_factory=dict)
    pairing_days: int = PAIRING_DAYS
    backbone: Path | None = None
    cubes: Path | None = None


def extract(
    cohort: Cohort, terms: Terms, executor: Executor, report: Callable[[str], None] = lambda line: None
) -> Extraction:
    """Compute the features of every patient of a cohort.

    Parameters
    ----------
    cohort : Cohort
    terms : Terms
    executor : Executor
        Runs the cases.
    report : callable
        Told each patient's end, with the time that is left.

    Raises
    ------
    ModelError
        If a model is missing or damaged, or there is no such device: no patient could be analysed.
    InputError
        SEEN_PATIENTS, if `terms.backbone` was fine-tuned on patients that are not marked as in-sample.
    """
    _refuse_seen(cohort, terms.backbone)
    device = str(choose_device(terms.device))
    depends_on = dependencies(device, terms.segmenters, terms.backbone)
    futures = {
        executor.submit(extract_case, _order(patient, terms, device, depends_on)): patient
        for patient in cohort.patients
    }
    answers: dict[str, CaseAnswer] = {}
    pace = _Pace(len(futures))
    for future in as_completed(futures):
        patient = futures[future]
        answers[patient.patient] = answer = _answer(future)
        report(pace.line(patient.patient, answer))
    return _gathered(cohort, answers, terms.folder)


def _refuse_seen(cohort: Cohort, backbone: Path | None) -> None:
    """Let no feature that knows its patient's outcome into a table for training and evaluation."""
    if backbone is None:
        return
    marked = [patient.patient for patient in cohort.patients if patient.split == IN_SAMPLE]
    try:
        refuse_seen(backbone, [patient.patient for patient in cohort.patients], marked)
    except SeenError as error:
        raise InputError("SEEN_PATIENTS", f"{error} (split {IN_SAMPLE} in the cohort)") from None


def _order(patient: Patient, terms: Terms, device: str, depends_on: tuple[str, ...]) -> CaseOrder:
    return CaseOrder(
        files=patient.files,
        fused_levels=patient.fused_levels,
        folder=terms.folder,
        depends_on=depends_on,
        device=device,
        segmenters=terms.segmenters,
        pairing_days=terms.pairing_days,
        backbone=terms.backbone,
        cubes=terms.cubes / f"{patient.patient}.npz" if terms.cubes else None,
    )


def _answer(future: "Future[CaseAnswer]") -> CaseAnswer:
    try:
        return future.result()
    except TimeoutError:
        return CaseAnswer(failure=Remark(CASE, "TIME_LIMIT", "took longer than --timeout and was ended"))
    except ProcessExpired as error:
        how = f"exit code {error.exitcode}"
        text = f"the process ended by itself ({how}); perhaps memory ran out: try fewer --jobs"
        return CaseAnswer(failure=Remark(CASE, "WORKER_DIED", text))


def _gathered(cohort: Cohort, answers: Mapping[str, CaseAnswer], folder: Path) -> Extraction:
    rows: dict[str, CaseRow] = {}
    failures: list[tuple[str, Remark]] = []
    for patient in cohort.patients:
        answer = answers[patient.patient]
        row = read_row(folder, answer.key) if answer.key else None
        if row is not None:
            rows[patient.patient] = row
        else:
            lost = Remark(CASE, "ROW_LOST", f"the row {answer.key} in {folder} has vanished; run it again")
            failures.append((patient.patient, answer.failure or lost))
    return Extraction(rows, tuple(failures))


class _Pace:
    """How far it is and how long it will take, by the patients that were computed."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._start = time.monotonic()
        self._done = self._computed = 0

    def line(self, patient: str, answer: CaseAnswer) -> str:
        now = time.monotonic()
        self._done += 1
        self._computed += not answer.kept
        if answer.failure is not None:
            what = f"failed at {answer.failure.stage}: {answer.failure.code}: {answer.failure.text}"
        else:
            what = "was there" if answer.kept else "computed"
        return f"{self._done} of {self._total}: {patient} {what}{self._left(now)}"

    def _left(self, now: float) -> str:
        open_ = self._total - self._done
        if not open_ or not self._computed:
            return ""
        seconds = (now - self._start) / self._computed * open_
        return f"; about {_duration(seconds)} left"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
