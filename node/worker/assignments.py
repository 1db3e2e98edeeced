"""From the queue to an order: claim a job, and say what the worker is to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from node import cases, history, logs, queue
from node.clinical.kept import known
from node.db import Instance, Job, Model, Result, Series, Study
from node.registry import folders, records
from node.settings import Settings
from node.states import StudyEvent, StudyState
from node.worker.messages import Order, PredictorFolder
from node.worker.publish import workspace

log = logs.get(__name__)

CACHE = "cache"
REPORTS = ("measurement_sr", "risk_sr")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A claimed job and what it means."""

    job: Job
    study_uid: str
    order: Order


def next_assignment(
    session: Session, worker: str, terms: queue.Terms, settings: Settings
) -> Assignment | None:
    """Claim the next analysis and take its study to analysing; None if there is none."""
    while (job := queue.claim(session, "analyse", worker, terms)) is not None:
        study = history.locked(session, job.study_id)
        if is_current(study, job):
            _begin(session, study, job)
            return Assignment(job, study.study_instance_uid, _order(session, study, job, settings))
        queue.finish(session, job, "superseded: the study has changed since")
        log.info("superseded", study=study.study_instance_uid, job=job.id)
    return None


def is_current(study: Study, job: Job) -> bool:
    """Return whether a study still waits for the outcome of this job."""
    waiting = study.state in {StudyState.COMPLETE.value, StudyState.ANALYSING.value}
    return waiting and study.revision == job.revision


def _begin(session: Session, study: Study, job: Job) -> None:
    if study.state == StudyState.ANALYSING.value:  # its worker died
        history.move(session, study, StudyEvent.RELEASED, reason="the worker died or fell silent")
    history.move(session, study, StudyEvent.CLAIMED, worker=job.worker, attempt=job.attempts)


def _order(session: Session, study: Study, job: Job, settings: Settings) -> Order:
    case = cases.case_of(session, study, settings.cases.pairing_days)
    files = [path for member in case.studies for path in _files(session, member, settings.data_dir)]
    folder = settings.cases.clinical_dir
    models = records.in_use(session)
    return Order(
        files=tuple(files),
        out_dir=workspace(settings.data_dir.resolve(), study.study_instance_uid, job.revision, job.attempts),
        clock=job.clock,
        completing_study_uid=study.study_instance_uid,
        header=files[0],
        clinical_dir=folder.resolve() if folder else None,
        clinical=known(session, study.patient_key),
        cache_dir=settings.data_dir.resolve() / CACHE,
        title_mode=settings.results.title_mode,
        with_pdf=settings.results.pdf,
        with_overlay=settings.results.overlay,
        device="cpu" if job.rung else settings.worker.device,
        previous=_reports(session, study, settings.data_dir),
        gpu_memory_gib=settings.worker.gpu_memory_gib,
        segmenters=settings.segmentation.chosen,
        predictors=_predictors(models, records.State.ACTIVE, settings),
        shadows=_predictors(models, records.State.SHADOW, settings),
        backbone=backbone.resolve() if (backbone := settings.worker.backbone) else None,
    )


def _predictors(
    models: Iterable[Model], state: records.State, settings: Settings
) -> tuple[PredictorFolder, ...]:
    root = settings.models_folder
    return tuple(
        PredictorFolder(m.name, m.version, folders.folder_of(root, m.name, m.version), m.digest, m.sha256)
        for m in models
        if m.state == state
    )


def _reports(session: Session, study: Study, data_dir: Path) -> tuple[Path, ...]:
    """Return the reports that were made for a study so far: a new one names what it takes the place of."""
    made = select(Result.path).where(Result.study_id == study.id, Result.kind.in_(REPORTS))
    root = data_dir.resolve()
    return tuple(root / path for path in session.scalars(made.order_by(Result.id)))


def _files(session: Session, study: Study, data_dir: Path) -> list[Path]:
    """Return a study's instances in an order that does not depend on their arrival."""
    paths = select(Instance.path).join(Series).where(Series.study_id == study.id)
    root = data_dir.resolve()
    return [root / path for path in session.scalars(paths.order_by(Instance.sop_instance_uid))]
