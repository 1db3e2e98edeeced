"""New clinical variables of a patient, and what follows from them.

A patient whose case has been analysed already gets its predictions made anew: the study that completed the
case goes one revision on. Nothing is segmented again, because what was computed from the images is kept.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from node import history
from node.clinical.kept import known
from node.db import Clinical, Job, Study
from node.dispatcher import hand_out
from node.statements import execute, insert
from node.states import StudyEvent, StudyState

Source = Literal["csv", "rest"]

REASON: Final = "clinical variables of the patient were given or changed"
#: a study that waits takes the new variables along when it is claimed; of an ignored one nothing is predicted
RENEWED: Final = frozenset(
    state.value for state in (StudyState.ANALYSING, StudyState.DELIVERING, StudyState.DONE, StudyState.FAILED)
)


def store(
    session: Session,
    patient_key: str,
    values: Mapping[str, Any],
    source: Source,
    now: datetime | None = None,
) -> str | None:
    """Keep a patient's variables in place of the earlier ones, and have the predictions made anew.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    patient_key : str
        From `node.header.patient_key`.
    values : mapping
        Checked by `pipelines.clinical.validate`; JSON values.
    source : {"csv", "rest"}
    now : datetime, optional

    Returns
    -------
    str or None
        StudyInstanceUID of the study that will be analysed again; None if no case has been analysed, or the
        variables are what they were.
    """
    if dict(values) == known(session, patient_key):
        return None
    fresh = {"values": dict(values), "source": source, "at": now or datetime.now(UTC)}
    row = insert(session, Clinical).values(patient_key=patient_key, **fresh)
    execute(session, row.on_conflict_do_update(index_elements=[Clinical.patient_key], set_=fresh))
    session.expire_all()
    return _renew(session, patient_key)


def _renew(session: Session, patient_key: str) -> str | None:
    """Queue the analysis of the patient's latest case anew, one revision on."""
    latest = (
        select(Study.id)
        .join(Job, (Job.study_id == Study.id) & (Job.kind == "analyse"))
        .where(Study.patient_key == patient_key)
        .order_by(Job.clock.desc(), Job.id.desc())
        .limit(1)
    )
    found = session.scalar(latest)
    if found is None:
        return None
    study = history.locked(session, found)
    if study.state not in RENEWED:
        return None
    study.revision += 1
    history.move(session, study, StudyEvent.CLINICAL, reason=REASON)
    hand_out(session, study)
    return study.study_instance_uid
