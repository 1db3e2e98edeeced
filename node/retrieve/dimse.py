"""A Query/Retrieve SCP as a source (PS3.4 annex C): C-FIND, then C-GET or C-MOVE, in the Study Root model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from node.cfind import PENDING, find
from node.delivery.tls import tls_of
from node.errors import RetrievalError
from node.receiver.contexts import TRANSFER_SYNTAXES
from node.retrieve.intake import Intake, Transfer
from node.retrieve.questions import Candidate, Found, Keep, Question, is_same
from node.settings import DimseSource
from node.sop_classes import ANALYSED

#: a source may change one of these into another; what is compressed has contexts of its own and stays so
NATIVE = TRANSFER_SYNTAXES[:2]
SUCCESS, WARNING, OUT_OF_RESOURCES = 0x0000, 0xB000, 0xA700
MOVE_DESTINATION_UNKNOWN = 0xA801


class DimseClient:
    """Asks a Query/Retrieve SCP.

    Parameters
    ----------
    source : DimseSource
    ae_title : str
        Our own; of the receiver too, to which C-MOVE sends.
    intake : Intake
        Takes what C-GET brings.
    """

    def __init__(self, source: DimseSource, ae_title: str, intake: Intake) -> None:
        self._source = source
        self._intake = intake
        self._entity = AE(ae_title)
        self._entity.connection_timeout = self._entity.acse_timeout = source.timeout_s
        self._entity.dimse_timeout = self._entity.network_timeout = source.timeout_s

    def search(self, question: Question) -> list[Candidate]:
        """Ask at study level, then for the series of each study; see `Client`."""
        with self._associated([build_context(StudyRootQueryRetrieveInformationModelFind)]) as association:
            studies = self._find(
                association,
                "STUDY",
                PatientID=question.patient.patient_id,
                IssuerOfPatientID="",  # a source that does not know it would match nothing
                StudyDate=question.days,
                ModalitiesInStudy=question.modality,
                StudyInstanceUID="",
                StudyDescription="",
            )
            ours = [one for one in studies if _is_ours(one, question)]
            found = [self._candidate(association, one, question.modality) for one in ours]
        return [one for one in found if one.instances]

    def fetch(self, candidate: Candidate, keep: Keep) -> None:
        """Fetch the series of a candidate, one after the other; see `Client`."""
        if self._source.method == "c-move":
            self._move(candidate, keep)
        else:
            self._get(candidate, keep)

    def _move(self, candidate: Candidate, keep: Keep) -> None:
        model = StudyRootQueryRetrieveInformationModelMove
        with self._associated([build_context(model)]) as association:
            for series in candidate.series:
                identifier = _identifier(candidate, series)
                self._follow(association.send_c_move(identifier, self._entity.ae_title, model), keep)

    def _get(self, candidate: Candidate, keep: Keep) -> None:
        transfer, in_order = self._intake.open(self._source.ae_title), False
        store = _Store(self._intake, transfer, candidate.instances, keep)
        model = StudyRootQueryRetrieveInformationModelGet
        contexts = [build_context(model), *_storage_contexts()]
        roles = [build_role(sop_class, scp_role=True) for sop_class in sorted(ANALYSED)]
        try:
            with self._associated(contexts, roles, [(evt.EVT_C_STORE, store.on_store)]) as association:
                for series in candidate.series:
                    self._follow(association.send_c_get(_identifier(candidate, series), model), keep)
            in_order = True
        finally:
            self._intake.close(transfer, in_order)

    def _candidate(self, association: Association, study: Dataset, modality: str) -> Candidate:
        uid = str(study.StudyInstanceUID)
        answers = self._find(
            association,
            "SERIES",
            StudyInstanceUID=uid,
            Modality=modality,
            SeriesInstanceUID="",
            SeriesDescription="",
            BodyPartExamined="",
            NumberOfSeriesRelatedInstances="",
        )
        series = tuple(
            self._series(association, uid, one) for one in answers if one.get("Modality") == modality
        )
        return Candidate(uid, _day(study), str(study.get("StudyDescription") or ""), series)

    def _series(self, association: Association, study_uid: str, answer: Dataset) -> Found:
        uid, count = str(answer.SeriesInstanceUID), answer.get("NumberOfSeriesRelatedInstances")
        if count is None:  # optional (PS3.4 C.3.4): count them
            keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": uid, "SOPInstanceUID": ""}
            count = len(self._find(association, "IMAGE", **keys))
        return Found(
            series_uid=uid,
            modality=str(answer.Modality),
            body_part=str(answer.get("BodyPartExamined") or ""),
            description=str(answer.get("SeriesDescription") or ""),
            instances=int(count),
        )

    def _find(self, association: Association, level: str, **keys: str) -> list[Dataset]:
        found = find(association, level, **keys)
        if found is None:
            raise self._trouble("answers C-FIND with a failure, or not at all")
        return found

    def _follow(self, responses: Iterator[tuple[Dataset, Dataset | None]], keep: Keep) -> None:
        """Go through the responses of a C-GET or C-MOVE (PS3.4 C.4.2, C.4.3) to the end."""
        for status, _ in responses:
            keep()
            code = status.get("Status")
            if code is None:
                raise self._trouble("has not answered in time, or has aborted the association")
            if code in PENDING:
                continue
            failed = int(status.get("NumberOfFailedSuboperations") or 0)
            if code not in (SUCCESS, WARNING) or failed:
                advice = (
                    f": does it know {self._entity.ae_title}?" if code == MOVE_DESTINATION_UNKNOWN else ""
                )
                verb = self._source.method.upper()
                raise self._trouble(
                    f"answers {verb} with {code:04X}, {failed} object(s) did not come{advice}"
                )

    @contextmanager
    def _associated(
        self, contexts: list[PresentationContext], roles: Any = (), handlers: Any = ()
    ) -> Iterator[Association]:
        to = self._source
        try:
            association = self._entity.associate(
                to.host,
                to.port,
                contexts=contexts,
                ae_title=to.ae_title,
                ext_neg=list(roles),
                evt_handlers=list(handlers),
                tls_args=tls_of(to),
            )
        except OSError as error:  # no such host, or ca, certificate or key cannot be used
            raise self._trouble(f"cannot be reached: {error.strerror or error}") from None
        if not association.is_established:
            raise self._trouble("cannot be reached, or does not accept our association")
        try:
            self._check(association, contexts[0])
            yield association
        except BaseException:
            association.abort()  # in the midst of something
            raise
        association.release()

    def _check(self, association: Association, service: PresentationContext) -> None:
        offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
        if str(service.abstract_syntax) not in offered:
            raise self._trouble(f"does not offer SOP class {service.abstract_syntax}")

    def _trouble(self, what: str) -> RetrievalError:
        to = self._source
        return RetrievalError(f"{to.name}: {to.ae_title} at {to.host}:{to.port} {what}")


class _Store:
    """Takes the sub-operations of a C-GET, and no more of them than were announced."""

    def __init__(self, intake: Intake, transfer: Transfer, limit: int, keep: Keep) -> None:
        self._intake = intake
        self._transfer = transfer
        self._left = limit
        self._keep = keep
        self._alone = threading.Lock()

    def on_store(self, event: Any) -> int:
        """Return the status of a C-STORE request."""
        with self._alone:
            self._left -= 1
            if self._left < 0:
                return OUT_OF_RESOURCES
        try:
            self._keep()
        except RetrievalError:  # whoever waits for the C-GET is told too
            return OUT_OF_RESOURCES
        request = event.request
        with request.DataSet.getbuffer() as data:
            return self._intake.take(
                self._transfer,
                str(request.AffectedSOPClassUID),
                str(request.AffectedSOPInstanceUID),
                str(event.context.transfer_syntax),
                data,
            )


def _storage_contexts() -> list[PresentationContext]:
    """Return a context per SOP class for what is not compressed, and one per compressed transfer syntax."""
    compressed = [one for one in TRANSFER_SYNTAXES if one.is_compressed and not one.is_deflated]
    return [
        build_context(sop_class, syntaxes)
        for sop_class in sorted(ANALYSED)
        for syntaxes in [list(NATIVE), *([one] for one in compressed)]
    ]


def _identifier(candidate: Candidate, series: Found) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID = candidate.study_uid
    identifier.SeriesInstanceUID = series.series_uid
    return identifier


def _is_ours(answer: Dataset, question: Question) -> bool:
    patient_id, issuer = str(answer.get("PatientID") or ""), str(answer.get("IssuerOfPatientID") or "")
    if not is_same(question.patient, patient_id, issuer) or not answer.get("StudyInstanceUID"):
        return False
    return question.first <= _day(answer) <= question.last


def _day(answer: Dataset) -> date:
    """Return the study date; the beginning of time, which is in no window, where there is none."""
    digits = str(answer.get("StudyDate") or "").replace(".", "")
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return date.min
