"""How much of a study its sender has: C-FIND at series level (PS3.4 C.6.2), compared with what is here."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from node import cfind, history, logs
from node.audit import Trail
from node.cases import PAIRED_MODALITIES
from node.completeness import utc_now
from node.db import Instance, Series, Study
from node.engine import readers, sessions
from node.loop import Bell
from node.settings import Peer, Settings
from node.states import StudyState

AT_ONCE = 4
TIMEOUT_S = 20.0

log = logs.get(__name__)


class Counting:
    """Asks senders in threads of its own, so that one that is slow delays only its own studies.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    bell : Bell
        Rung when an answer is in the database.
    """

    def __init__(self, settings: Settings, engine: Engine, bell: Bell) -> None:
        self._settings = settings
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._bell = bell
        self._trail = Trail(settings)
        self._asking: set[int] = set()
        self._threads = ThreadPoolExecutor(AT_ONCE, "counting")

    def stop(self) -> None:
        """Ask nobody any more."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def wanted(self, study: Study) -> bool:
        """Return whether a study that is due must be counted first; if so, have it counted.

        It gets time until the answer is there: whoever asks for the study's deadline sees it move.
        """
        settings = self._settings.completeness
        if not settings.count_check or _is_fresh(study, timedelta(seconds=settings.ask_again_s)):
            return False
        study.complete_after = utc_now() + timedelta(seconds=2 * TIMEOUT_S)
        if study.id not in self._asking:
            self._asking.add(study.id)
            self._threads.submit(self._count, study.id, study.study_instance_uid)
        return True

    def _count(self, study_id: int, uid: str) -> None:
        try:
            with self._readers() as session:
                here = _here(session, study_id)
                peer = self._sender(session, study_id)
            if peer is not None:
                self._trail.queried(peer.ae_title, uid)
            there = None if peer is None else counts(peer, self._settings.receiver.ae_title, uid)
            self._note(study_id, peer, here, there)
        except Exception as error:  # noqa: BLE001 - whatever it is, the study must go on
            log.error("counting failed", study=uid, error=type(error).__name__)
            self._note(study_id, None, {}, None)
        finally:
            self._asking.discard(study_id)
            self._bell.ring()

    def _sender(self, session: Session, study_id: int) -> Peer | None:
        """Return the peer that sent most of a study, if its port is known."""
        query = (
            select(Instance.calling_ae)
            .join(Series)
            .where(Series.study_id == study_id)
            .group_by(Instance.calling_ae)
            .order_by(func.count(Instance.id).desc())
        )
        title = session.scalars(query).first()
        return None if title is None else self._settings.receiver.listening(title)

    def _note(
        self, study_id: int, peer: Peer | None, here: dict[str, int], there: dict[str, int] | None
    ) -> None:
        with self._sessions.begin() as session:
            study = history.locked(session, study_id)
            if study.state != StudyState.RECEIVING.value:
                return
            now = utc_now()
            study.checked_at, study.complete_after = now, now
            if there is None:
                study.incomplete = None
                history.record(session, study, "count_unknown", peer=peer and peer.ae_title)
                return
            study.incomplete = missing(here, there)
            history.record(session, study, "counted", peer=peer and peer.ae_title, missing=study.incomplete)


def counts(peer: Peer, ae_title: str, study_uid: str) -> dict[str, int] | None:
    """Ask a peer how many instances each CT and MR series of a study has; None if it does not tell."""
    entity = AE(ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = TIMEOUT_S
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    association = entity.associate(peer.host, peer.port, ae_title=peer.ae_title)
    if not association.is_established:
        return None
    try:
        found = cfind.find(
            association,
            "SERIES",
            StudyInstanceUID=study_uid,
            SeriesInstanceUID="",
            Modality="",
            NumberOfSeriesRelatedInstances="",
        )
        return None if found is None else _counted(association, study_uid, found)
    finally:
        association.release()


def missing(here: dict[str, int], there: dict[str, int]) -> str | None:
    """Say how much is missing here, without naming a series."""
    lacking = {uid: count - here.get(uid, 0) for uid, count in there.items() if count > here.get(uid, 0)}
    if not lacking:
        return None
    return f"the sender has {sum(lacking.values())} more instance(s) in {len(lacking)} series"


def _counted(association: Association, study_uid: str, found: list[Dataset]) -> dict[str, int] | None:
    result = {}
    for one in found:
        if one.get("Modality") not in PAIRED_MODALITIES:
            continue
        series, number = str(one.SeriesInstanceUID), one.get("NumberOfSeriesRelatedInstances")
        if number is None:  # optional (PS3.4 C.3.4): count them
            images = cfind.find(
                association,
                "IMAGE",
                StudyInstanceUID=study_uid,
                SeriesInstanceUID=series,
                SOPInstanceUID="",
            )
            if images is None:
                return None
            number = len(images)
        result[series] = int(number)
    return result


def _here(session: Session, study_id: int) -> dict[str, int]:
    query = (
        select(Series.series_instance_uid, func.count(Instance.id))
        .join(Instance)
        .where(Series.study_id == study_id)
        .group_by(Series.id)
    )
    rows = session.execute(query).all()
    return {str(row[0]): int(row[1]) for row in rows}


def _is_fresh(study: Study, again: timedelta) -> bool:
    """Return whether the last answer still counts: nothing came since, and it is not time to ask again."""
    checked = study.checked_at
    if checked is None or checked < study.last_instance_at:
        return False
    return study.incomplete is None or utc_now() - checked < again / 2
