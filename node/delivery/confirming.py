"""Asking a Storage SCP whether it keeps what it took: storage commitment, and C-FIND where there is none."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
)

from node import cfind
from node.delivery.objects import Outgoing, Receipt, whereabouts
from node.errors import StoreError

COMMITMENT, FIND = str(StorageCommitmentPushModel), str(StudyRootQueryRetrieveInformationModelFind)
SUCCESS = 0x0000
LOOK_S = 0.2  #: between two looks at what the receiver was told

#: of an inquiry: its report has come, is to come, or there is no storage commitment to come from
Standing = Literal["settled", "awaited", "absent"]
#: Transaction UID, SOP Instance UIDs that are safe, and those that are not with their reasons
Report = tuple[str, frozenset[str], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A storage commitment that is about to be asked for; it is on record already."""

    transaction_uid: str
    objects: tuple[Outgoing, ...]
    record: Callable[[Report], None]  #: takes a report, from another thread
    settled: Callable[[], bool]  #: whether its report has come, here or by an association of the other side
    withdraw: Callable[[], None]  #: to be called if the request was not taken


class Answers:
    """Takes the report where it comes on the association that asked for it."""

    def __init__(self, inquiry: Inquiry | None) -> None:
        self.inquiry = inquiry
        self._came = threading.Event()

    def handlers(self) -> list[tuple[Any, Callable[[Any], Any]]]:
        """Return the handlers of the association."""
        return [] if self.inquiry is None else [(evt.EVT_N_EVENT_REPORT, self.on_event)]

    def on_event(self, event: Any) -> tuple[int, None]:
        """Answer N-EVENT-REPORT (PS3.4 J.3.3)."""
        if self.inquiry is not None:
            self.inquiry.record(report_of(event.event_information))
        self._came.set()
        return SUCCESS, None

    def wait(self, inquiry: Inquiry, seconds: float) -> bool:
        """Wait until an inquiry is settled; return whether it is."""
        deadline = time.monotonic() + seconds
        while not inquiry.settled():
            if time.monotonic() > deadline:
                return False
            self._came.wait(LOOK_S)
            self._came.clear()
        return True


def contexts(inquiry: Inquiry | None) -> list[tuple[str, str]]:
    """Return what to propose: C-FIND, and storage commitment where it is to be asked for."""
    services = [FIND] if inquiry is None else [FIND, COMMITMENT]
    return [(service, str(ImplicitVRLittleEndian)) for service in services]


def confirm(
    association: Association, objects: Sequence[Outgoing], answers: Answers, wait_s: float
) -> Iterator[Receipt]:
    """Ask about objects; see `node.delivery.destinations.Confirming`.

    Parameters
    ----------
    association : Association
        With `contexts`, as far as the other side accepts them.
    objects : sequence of Outgoing
    answers : Answers
        With the inquiry, if there is one.
    wait_s : float
        Seconds to wait for the report; and before C-FIND has to find what was sent.
    """
    inquiry = answers.inquiry
    fresh = frozenset() if inquiry is None else frozenset(inquiry.objects)
    standing: Standing = "absent" if inquiry is None else _ask(association, answers, inquiry, wait_s)
    for item in objects:
        earlier: Standing = "absent" if item.transaction_uid is None else "awaited"
        now = standing if item in fresh else earlier
        if now != "settled":
            yield _look(association, item, now, wait_s)


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


def ask(association: Association, inquiry: Inquiry) -> bool:
    """Ask for the commitment of objects (N-ACTION, PS3.4 J.3.2); return whether the request was taken."""
    request = Dataset()
    request.TransactionUID = inquiry.transaction_uid
    request.ReferencedSOPSequence = []
    for item in inquiry.objects:
        reference = Dataset()
        reference.ReferencedSOPClassUID = item.sop_class_uid
        reference.ReferencedSOPInstanceUID = item.sop_instance_uid
        request.ReferencedSOPSequence.append(reference)
    status, _ = association.send_n_action(
        request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return bool("Status" in status and status.Status == SUCCESS)


def find(association: Association, item: Outgoing) -> bool | None:
    """Ask for an object by C-FIND at image level; return whether it is there, None if that cannot be told.

    Raises
    ------
    StoreError
        Its file cannot be read for the UIDs that the question needs.
    """
    study, series = whereabouts(item)
    uid = item.sop_instance_uid
    found = cfind.find(
        association, "IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID=uid
    )
    return None if found is None else any(str(one.get("SOPInstanceUID")) == uid for one in found)


def _ask(association: Association, answers: Answers, inquiry: Inquiry, wait_s: float) -> Standing:
    if not _offers(association, COMMITMENT):
        inquiry.withdraw()
        return "absent"
    if not ask(association, inquiry):
        inquiry.withdraw()
        return "awaited"
    return "settled" if answers.wait(inquiry, wait_s) else "awaited"


def _look(association: Association, item: Outgoing, standing: Standing, wait_s: float) -> Receipt:
    """Ask C-FIND for an object, and say what the answer means."""
    try:
        there = find(association, item) if _offers(association, FIND) else None
    except StoreError as error:
        return Receipt(item.delivery_id, "refused", str(error))
    if there:
        return Receipt(item.delivery_id, "delivered", by="c-find")
    if standing == "awaited":
        return Receipt(item.delivery_id, "deferred", "no report of the storage commitment yet")
    if not _offers(association, FIND):
        return Receipt(item.delivery_id, "delivered", "the destination offers neither commitment nor C-FIND")
    return _unconfirmed(item, there, wait_s)


def _unconfirmed(item: Outgoing, there: bool | None, wait_s: float) -> Receipt:
    if there is None:
        return Receipt(item.delivery_id, "deferred", "C-FIND is answered with a failure, or not at all")
    if item.sent_at is not None and datetime.now(UTC) - item.sent_at < timedelta(seconds=wait_s):
        return Receipt(item.delivery_id, "deferred", "C-FIND does not find it yet")
    return Receipt(item.delivery_id, "lost", "C-FIND does not find it")


def _offers(association: Association, service: str) -> bool:
    return any(str(context.abstract_syntax) == service for context in association.accepted_contexts)
