"""A DICOMweb server as a source: QIDO-RS (PS3.18 10.6), then WADO-RS (10.4), one object at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import httpx

from node.errors import RetrievalError
from node.retrieve.intake import Intake, Transfer
from node.retrieve.multipart import parts
from node.retrieve.questions import Candidate, Found, Keep, Question, is_same
from node.settings import DicomwebSource
from node.webclient import client_of

ORIGINAL = 'multipart/related; type="application/dicom"; transfer-syntax=*'
NO_CONTENT = 204
SUCCESS = 0x0000
MAX_BYTES = 2 << 30  #: of one object

STUDY_DATE, MODALITY, STUDY_DESCRIPTION, SERIES_DESCRIPTION = "00080020", "00080060", "00081030", "0008103E"
PATIENT_ID, ISSUER_OF_PATIENT_ID, BODY_PART_EXAMINED = "00100020", "00100021", "00180015"
SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID = "00080018", "0020000D", "0020000E"

#: a warning that there is more than the server gives at once (PS3.18 8.3.4.4)
INCOMPLETE = "additional results"

Wanted = dict[str, str | list[str]]  #: parameters of a query
Answer = Mapping[str, Any]  #: an object of the DICOM JSON model (PS3.18 F)


class DicomwebClient:
    """Asks a DICOMweb server.

    Parameters
    ----------
    source : DicomwebSource
    intake : Intake
        Takes what comes.
    """

    def __init__(self, source: DicomwebSource, intake: Intake) -> None:
        self._source = source
        self._intake = intake
        self._root = f"{source.url.rstrip('/')}/studies"

    def search(self, question: Question) -> list[Candidate]:
        """Ask for studies, then for the series of each; see `Client`."""
        wanted: Wanted = {
            "PatientID": question.patient.patient_id,
            "StudyDate": question.days,
            "ModalitiesInStudy": question.modality,
            "includefield": [ISSUER_OF_PATIENT_ID, STUDY_DESCRIPTION],  # not every server knows a list in one
        }
        with self._connected() as client:
            studies = [one for one in self._query(client, self._root, wanted) if _is_ours(one, question)]
            found = [self._candidate(client, one, question.modality) for one in studies]
        return [one for one in found if one.instances]

    def fetch(self, candidate: Candidate, keep: Keep) -> None:
        """Fetch the objects of a candidate, one after the other; see `Client`."""
        transfer, in_order = self._intake.open(self._source.name), False
        try:
            with self._connected() as client:
                for series in candidate.series:
                    address = self._address(candidate.study_uid, series.series_uid)
                    for uid in self._instances(client, address):
                        self._object(client, transfer, f"{address}/instances/{uid}", keep)
            in_order = True
        finally:
            self._intake.close(transfer, in_order)

    def _object(self, client: httpx.Client, transfer: Transfer, address: str, keep: Keep) -> None:
        kind, body = self._download(client, address, keep)
        try:
            statuses = [self._intake.take_file(transfer, part) for part in parts(kind, body)]
        except ValueError as error:
            raise self._trouble(f"answers with {error}") from None
        refused = [f"{status:04X}" for status in statuses if status != SUCCESS]
        if refused or not statuses:
            raise self._trouble(f"gave an object that could not be stored: {', '.join(refused) or 'nothing'}")

    def _download(self, client: httpx.Client, address: str, keep: Keep) -> tuple[str, bytes]:
        with client.stream("GET", address, headers={"Accept": ORIGINAL}) as answer:
            self._check(answer)
            body = bytearray()
            for piece in answer.iter_bytes():
                keep()
                body += piece
                if len(body) > MAX_BYTES:
                    raise self._trouble(f"gave an object of more than {MAX_BYTES} bytes")
            return answer.headers.get("Content-Type", ""), bytes(body)

    def _candidate(self, client: httpx.Client, study: Answer, modality: str) -> Candidate:
        uid = _value(study, STUDY_INSTANCE_UID)
        wanted: Wanted = {"Modality": modality, "includefield": [SERIES_DESCRIPTION, BODY_PART_EXAMINED]}
        answers = self._query(client, f"{self._root}/{uid}/series", wanted)
        series = [_found(one) for one in answers if _value(one, MODALITY) == modality]
        counted = tuple(replace(one, instances=self._count(client, uid, one)) for one in series)
        return Candidate(uid, _day(study), _value(study, STUDY_DESCRIPTION), counted)

    def _count(self, client: httpx.Client, study_uid: str, series: Found) -> int:
        """Count the instances; a server need not say how many there are."""
        return len(self._instances(client, self._address(study_uid, series.series_uid)))

    def _address(self, study_uid: str, series_uid: str) -> str:
        return f"{self._root}/{study_uid}/series/{series_uid}"

    def _instances(self, client: httpx.Client, address: str) -> list[str]:
        answers = self._query(client, f"{address}/instances", {})
        return [uid for one in answers if (uid := _value(one, SOP_INSTANCE_UID))]

    def _query(self, client: httpx.Client, address: str, wanted: Wanted) -> list[Answer]:
        answer = client.get(address, params=wanted)
        self._check(answer)
        if INCOMPLETE in answer.headers.get("Warning", ""):
            raise self._trouble("gives only a part of its answer to QIDO-RS")
        if answer.status_code == NO_CONTENT:
            return []
        try:
            found = answer.json()
        except ValueError:
            raise self._trouble("answers QIDO-RS with something that is not JSON") from None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._trouble("answers QIDO-RS with something that is no list of data sets")
        return found

    @contextmanager
    def _connected(self) -> Iterator[httpx.Client]:
        try:
            client = client_of(self._source, self._source.timeout_s)
        except OSError as error:
            raise self._trouble(f"ca {self._source.ca} cannot be used: {error.strerror or error}") from None
        try:
            with client:
                yield client
        except httpx.HTTPError as error:  # its text may hold the address, and that the PatientID
            raise self._trouble(f"cannot be reached: {type(error).__name__}") from None

    def _check(self, answer: httpx.Response) -> None:
        if not answer.is_success:
            raise self._trouble(f"answers HTTP {answer.status_code} {answer.reason_phrase}")

    def _trouble(self, what: str) -> RetrievalError:
        return RetrievalError(f"{self._source.name}: {self._source.url} {what}")


def _found(answer: Answer) -> Found:
    return Found(
        series_uid=_value(answer, SERIES_INSTANCE_UID),
        modality=_value(answer, MODALITY),
        body_part=_value(answer, BODY_PART_EXAMINED),
        description=_value(answer, SERIES_DESCRIPTION),
        instances=0,
    )


def _is_ours(answer: Answer, question: Question) -> bool:
    patient_id, issuer = _value(answer, PATIENT_ID), _value(answer, ISSUER_OF_PATIENT_ID)
    if not is_same(question.patient, patient_id, issuer) or not _value(answer, STUDY_INSTANCE_UID):
        return False
    return question.first <= _day(answer) <= question.last


def _day(answer: Answer) -> date:
    """Return the study date; the beginning of time, which is in no window, where there is none."""
    try:
        return date.fromisoformat(_value(answer, STUDY_DATE))
    except ValueError:
        return date.min


def _value(answer: Answer, tag: str) -> str:
    """Return the first value of an attribute as text; empty where there is none."""
    attribute = answer.get(tag)
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return str(values[0]) if isinstance(values, list) and values and values[0] is not None else ""
