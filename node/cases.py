"""Cases: which studies of one patient are looked at together.

A lumbar CT and a lumbar MR of one patient are usually two studies. The case of a study is that study and,
for each modality that it lacks, the nearest study in time of the same patient that was complete before it.
So a CT that arrives alone is reported at once, and the MR that follows completes the case; and because a
case never looks forward, the same job run again finds the same case.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from node.db import Job, Series, Study
from node.states import StudyState

PAIRED_MODALITIES = frozenset({"CT", "MR"})
#: a study that failed or to which nothing applies would only take the case down with it
PAIRED_STATES = tuple(
    state.value
    for state in (StudyState.COMPLETE, StudyState.ANALYSING, StudyState.DELIVERING, StudyState.DONE)
)


@dataclass(frozen=True, slots=True)
class Case:
    """Studies of one patient that are analysed together."""

    completing: Study  #: the study that completed the case; its job makes the fused results
    earlier: tuple[Study, ...] = ()  #: nearest in time first

    @property
    def studies(self) -> tuple[Study, ...]:
        """All studies of the case, the completing one first."""
        return (self.completing, *self.earlier)


def case_of(session: Session, study: Study, pairing_days: int) -> Case:
    """Return the case that a study completed.

    Parameters
    ----------
    session : Session
    study : Study
        A study without patient key or study date is never paired.
    pairing_days : int
        No two studies of a case are further apart than this.
    """
    lacking = PAIRED_MODALITIES - _modalities(session, study)
    if study.patient_key is None or study.study_date is None or lacking == PAIRED_MODALITIES:
        return Case(study)
    window = timedelta(days=pairing_days)
    earlier: list[Study] = []
    for candidate in _candidates(session, study, window):
        brought = _modalities(session, candidate) & lacking
        if brought and _within(window, candidate, earlier):
            earlier.append(candidate)
            lacking -= brought
    return Case(study, tuple(earlier))


def _candidates(session: Session, study: Study, window: timedelta) -> list[Study]:
    """Return the patient's other studies that were complete before `study`, nearest in time first."""
    day = _day(study)
    query = (
        select(Study)
        .join(Job, and_(Job.study_id == Study.id, Job.revision == Study.revision, Job.kind == "analyse"))
        .where(
            Study.patient_key == study.patient_key,
            Study.id != study.id,
            Study.state.in_(PAIRED_STATES),
            Study.study_date.between(day - window, day + window),
            _complete_before(session, study),
        )
        .order_by(Job.clock.desc(), Job.id.desc())
    )
    return sorted(session.scalars(query), key=lambda other: abs(_day(other) - day))


def _complete_before(session: Session, study: Study) -> ColumnElement[bool]:
    """Compare with the moment at which `study` was complete: the clock of its job; without one, any."""
    own = select(Job).filter_by(study_id=study.id, revision=study.revision, kind="analyse")
    job = session.scalars(own).first()
    if job is None:
        return true()
    return or_(Job.clock < job.clock, and_(Job.clock == job.clock, Job.id < job.id))


def _modalities(session: Session, study: Study) -> frozenset[str]:
    found = session.scalars(select(Series.modality).where(Series.study_id == study.id).distinct())
    return frozenset(found)


def _within(window: timedelta, candidate: Study, chosen: list[Study]) -> bool:
    return all(abs(_day(candidate) - _day(other)) <= window for other in chosen)


def _day(study: Study) -> date:
    if study.study_date is None:
        raise ValueError(f"study {study.id} has no date")
    return study.study_date
