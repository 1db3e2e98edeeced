"""Asking a Storage SCP whether it keeps what it took: storage commitment, and C-FIND where there is none."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
)

from node.delivery.objects import Outgoing

COMMITMENT, FIND = str(StorageCommitmentPushModel), str(StudyRootQueryRetrieveInformationModelFind)
SUCCESS = 0x0000
LOOK_S = 0.2  #: between two looks at what the receiver was told
PENDING = frozenset({0xFF00, 0xFF01})

#: Transaction UID, SOP Instance UIDs that are safe, and those that are not with their reasons
Report = tuple[str, frozenset[str], dict[str, int]]


class Answers:
    """Takes the report where it comes on the association that asked for it."""

    def __init__(self, record: Callable[[Report], None]) -> None:
        self._record = record
        self._came = threading.Event()

    def on_event(self, event: Any) -> tuple[int, None]:
        """Answer N-EVENT-REPORT."""
        self._record(report_of(event.event_information))
        self._came.set()
        return SUCCESS, None

    def wait(self, seconds: float, settled: Callable[[], bool]) -> bool:
        """Wait for a report here or, as `settled` knows, elsewhere; return whether one came."""
        deadline = time.monotonic() + seconds
        while not (settled() or self._came.wait(LOOK_S)):
            if time.monotonic() > deadline:
                return False
        return True


def report_of(information: Dataset) -> Report:
    """Read the event information of a report (PS3.4 J.3.3.1.2)."""
    safe = frozenset(
        str(one.ReferencedSOPInstanceUID) for one in information.get("ReferencedSOPSequence") or ()
    )
    failed = {
        str(one.ReferencedSOPInstanceUID): int(one.get("FailureReason") or 0x0110)
        for one in information.get("FailedSOPSequence") or ()
    }
    return str(information.get("TransactionUID", "")), safe, failed


def ask(association: Association, transaction_uid: str, objects: Sequence[Outgoing]) -> bool:
    """Ask for the commitment of objects (N-ACTION, PS3.4 J.3.2); return whether the request was taken."""
    request = Dataset()
    request.TransactionUID = transaction_uid
    request.ReferencedSOPSequence = []
    for item in objects:
        reference = Dataset()
        reference.ReferencedSOPClassUID = item.sop_class_uid
        reference.ReferencedSOPInstanceUID = item.sop_instance_uid
        request.ReferencedSOPSequence.append(reference)
    status, _ = association.send_n_action(
        request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return bool("Status" in status and status.Status == SUCCESS)


def find(association: Association, item: Outgoing, study_uid: str, series_uid: str) -> bool | None:
    """Ask for an object by C-FIND at image level; return whether it is there, None if that cannot be told."""
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID, query.SeriesInstanceUID = study_uid, series_uid
    query.SOPInstanceUID = item.sop_instance_uid
    there = False
    for status, found in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
        if "Status" not in status or status.Status not in PENDING | {SUCCESS}:
            return None
        there = there or (found is not None and str(found.get("SOPInstanceUID")) == item.sop_instance_uid)
    return there


def handlers(answers: Answers) -> list[tuple[Any, Callable[[Any], Any]]]:
    """Return the handlers of an association on which a report may come."""
    return [(evt.EVT_N_EVENT_REPORT, answers.on_event)]
