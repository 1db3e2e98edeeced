"""One batch of messages as rows, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from node import history
from node.completeness import Deadlines, reopen
from node.db import Event, Instance, Refusal, Series, Study
from node.header import Header
from node.index.carriers import Carriers
from node.index.messages import AssociationEnded, Message, OwnResult, Refused, Stored
from node.sop_classes import ANALYSED
from node.states import StudyState

UID_LENGTH = 64
#: the event of a study whose instances name different patients: never paired, and no analysis takes it
MIXED_PATIENTS = "mixed_patients"


class Filing:
    """Files a batch into an open session; the caller commits.

    Parameters
    ----------
    session : Session
        Writes; studies are locked where the database has row locks.
    batch : sequence of Message
        What will be filed: rows that it needs are loaded at once.
    carriers : Carriers
        Kept up to date.
    deadlines : Deadlines
    now : datetime
    """

    def __init__(
        self,
        session: Session,
        batch: Sequence[Message],
        carriers: Carriers,
        deadlines: Deadlines,
        now: datetime,
    ) -> None:
        self._session = session
        self._carriers = carriers
        self._deadlines = deadlines
        self._now = now
        #: calling AE title, studies and good order of each association that has ended: for the audit trail
        self.transfers: list[tuple[str, tuple[str, ...], bool]] = []
        stored = [message.header for message in batch if isinstance(message, Stored)]
        self._studies = _studies(session, {header.study_instance_uid for header in stored})
        self._known = _known_instances(session, stored)  # once the studies are locked: retention deletes rows
        self._series = _series(session, self._studies)

    def file(self, message: Message) -> None:
        """Write the rows of one message."""
        match message:
            case Stored():
                self._stored(message)
            case OwnResult():
                self._own_result(message)
            case Refused():
                self._refused(message)
            case AssociationEnded():
                self._ended(message)

    def _stored(self, stored: Stored) -> None:
        header = stored.header
        if stored.association is not None:
            self._carriers.carry(stored.association, header.study_instance_uid)
        study = self._studies.get(header.study_instance_uid) or self._new_study(stored)
        if header.sop_instance_uid not in self._known:
            self._known.add(header.sop_instance_uid)
            self._new_instance(study, stored)
        if study.state == StudyState.RECEIVING.value:
            carried = stored.association is not None
            study.complete_after = self._now + (self._deadlines.hold if carried else self._deadlines.quiet)

    def _new_study(self, stored: Stored) -> Study:
        header = stored.header
        study = Study(
            study_instance_uid=header.study_instance_uid,
            patient_key=header.patient_key,
            study_date=header.study_date,
            revision=1,
            state=StudyState.RECEIVING.value,
            received_at=stored.received_at,
            last_instance_at=stored.received_at,
            opened_at=stored.received_at,
            priority=stored.priority,
        )
        self._session.add(study)
        self._session.flush()
        history.record(self._session, study, "opened", calling_ae=stored.calling_ae)
        self._studies[header.study_instance_uid] = study
        return study

    def _new_instance(self, study: Study, stored: Stored) -> None:
        if study.state != StudyState.RECEIVING.value and stored.header.sop_class_uid in ANALYSED:
            reopen(self._session, study, stored.received_at)
        study.priority = max(study.priority, stored.priority)
        study.last_instance_at = max(study.last_instance_at, stored.received_at)
        self._identify(study, stored.header.patient_key)
        study.study_date = study.study_date or stored.header.study_date
        self._session.add(
            Instance(
                series=self._series_of(study, stored.header),
                sop_instance_uid=stored.header.sop_instance_uid,
                sop_class_uid=stored.header.sop_class_uid,
                transfer_syntax_uid=stored.transfer_syntax_uid,
                sha256=stored.sha256,
                size=stored.size,
                path=stored.path,
                calling_ae=stored.calling_ae,
                received_at=stored.received_at,
            )
        )

    def _identify(self, study: Study, key: str | None) -> None:
        """Keep the patient of a study; once its instances contradict each other, it has none for good."""
        if key is None or key == study.patient_key or self._is_mixed(study):
            return
        if study.patient_key is None:
            study.patient_key = key
            return
        study.patient_key = None
        history.record(self._session, study, MIXED_PATIENTS)

    def _is_mixed(self, study: Study) -> bool:
        if study.patient_key is not None:
            return False
        query = select(Event.id).filter_by(study_id=study.id, name=MIXED_PATIENTS).limit(1)
        return self._session.scalar(query) is not None

    def _series_of(self, study: Study, header: Header) -> Series:
        key = (study.id, header.series_instance_uid)
        if key not in self._series:
            self._series[key] = Series(
                study_id=study.id,
                series_instance_uid=header.series_instance_uid,
                modality=header.modality,
                description=header.series_description,
            )
        return self._series[key]

    def _own_result(self, result: OwnResult) -> None:
        study = _studies(self._session, {result.study_instance_uid}).get(result.study_instance_uid)
        if study is not None:
            history.record(
                self._session,
                study,
                "own_result_ignored",
                sop_instance_uid=result.sop_instance_uid,
                calling_ae=result.calling_ae,
            )

    def _refused(self, refused: Refused) -> None:
        uid = refused.sop_instance_uid
        self._session.add(
            Refusal(
                sop_instance_uid=uid[:UID_LENGTH] if uid else None,
                calling_ae=refused.calling_ae,
                status=refused.status,
                reason=refused.reason,
                path=refused.path,
                at=refused.at,
            )
        )

    def _ended(self, ended: AssociationEnded) -> None:
        if carried := self._carriers.carried(ended.association):
            self.transfers.append((ended.calling_ae, carried, ended.released))
        free = self._carriers.end(ended.association)
        for study in _studies(self._session, set(free)).values():
            if study.state != StudyState.RECEIVING.value:
                continue
            if ended.released:
                study.complete_after = self._deadlines.after_release(study.complete_after, self._now)
            else:
                study.complete_after = self._now + self._deadlines.quiet


def _known_instances(session: Session, headers: Sequence[Header]) -> set[str]:
    wanted = {header.sop_instance_uid for header in headers}
    return set(
        session.scalars(select(Instance.sop_instance_uid).where(Instance.sop_instance_uid.in_(wanted)))
    )


def _studies(session: Session, uids: set[str]) -> dict[str, Study]:
    query = select(Study).where(Study.study_instance_uid.in_(uids)).with_for_update()
    return {study.study_instance_uid: study for study in session.scalars(query)}


def _series(session: Session, studies: dict[str, Study]) -> dict[tuple[int, str], Series]:
    query = select(Series).where(Series.study_id.in_([study.id for study in studies.values()]))
    return {(series.study_id, series.series_instance_uid): series for series in session.scalars(query)}
