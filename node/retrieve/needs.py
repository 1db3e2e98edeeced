"""What the case of a study lacks, and when it is worth asking for.

A need is noted once, when the study is complete: one row per study and modality, so that nothing is asked
for twice. It is attended to once the study has been analysed: a study of another body part asks nobody.
"""

from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from node.cases import PAIRED_MODALITIES
from node.completeness import utc_now
from node.db import Instance, Retrieval, Series, Study
from node.settings import Settings, Source
from node.statements import execute, insert
from node.states import StudyState

#: what is here in one of these states helps no case; a purged study may be fetched again
NO_HELP = (StudyState.FAILED.value, StudyState.IGNORED.value, StudyState.PURGED.value)


def note(session: Session, study: Study, settings: Settings) -> None:
    """Note what the case of a study lacks, if somebody may be asked for it."""
    if not settings.retrieval.sources or not sources_for(session, study, settings):
        return
    for modality in sorted(lacking(session, study, settings.cases.pairing_days)):
        row = insert(session, Retrieval).values(
            study_id=study.id, modality=modality, state="queued", found=[], attempts=0
        )
        execute(session, row.on_conflict_do_nothing())


def again(session: Session, study: Study) -> int:
    """Have asked again what came to nothing, because a person says so; return how many needs that are."""
    unmet = (Retrieval.study_id == study.id) & Retrieval.state.in_(("nothing", "failed"))
    fresh = (
        update(Retrieval)
        .where(unmet)
        .values(state="queued", attempts=0, found=[], error=None, run_after=utc_now())
    )
    return execute(session, fresh)


def lacking(session: Session, study: Study, pairing_days: int) -> frozenset[str]:
    """Return the modalities that no study here brings into the case.

    A study that was fetched itself lacks nothing, or one need would lead to the next.
    """
    own = _modalities(session, study)
    if study.patient_key is None or study.study_date is None or not own & PAIRED_MODALITIES:
        return frozenset()
    if study.study_instance_uid in spoken_for(session, study.patient_key):
        return frozenset()
    near = window(study.study_date, pairing_days)
    query = (
        select(Series.modality)
        .join(Study)
        .where(
            Study.patient_key == study.patient_key,
            Study.state.not_in(NO_HELP),
            Study.study_date.between(*near),
        )
    )
    return PAIRED_MODALITIES - own - frozenset(session.scalars(query.distinct()))


def spoken_for(session: Session, patient_key: str) -> set[str]:
    """Return the StudyInstanceUIDs that were fetched, or are about to be, for any study of a patient."""
    query = select(Retrieval.found).join(Study, Study.id == Retrieval.study_id)
    rows = session.scalars(query.where(Study.patient_key == patient_key))
    return {str(uid) for found in rows for uid in found}


def here(session: Session, uids: set[str]) -> set[str]:
    """Return which of some studies are here already."""
    query = select(Study.study_instance_uid).where(
        Study.study_instance_uid.in_(uids), Study.state != StudyState.PURGED.value
    )
    return set(session.scalars(query))


def sources_for(session: Session, study: Study, settings: Settings) -> list[Source]:
    """Return who may be asked about a study, by who has sent it."""
    query = select(Instance.calling_ae).join(Series).where(Series.study_id == study.id).distinct()
    senders = set(session.scalars(query))
    return [one for one in settings.retrieval.sources if not one.senders or senders & set(one.senders)]


def window(day: date, pairing_days: int) -> tuple[date, date]:
    """Return the first and the last day of studies that may make a case with one of `day`."""
    reach = timedelta(days=pairing_days)
    return day - min(reach, day - date.min), day + min(reach, date.max - day)


def _modalities(session: Session, study: Study) -> frozenset[str]:
    return frozenset(session.scalars(select(Series.modality).where(Series.study_id == study.id).distinct()))
