"""A PACS with storage commitment and C-FIND, as forgetful and as silent as a test wants."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
)

COMMITMENT, FIND = str(StorageCommitmentPushModel), str(StudyRootQueryRetrieveInformationModelFind)


@dataclass
class Pacs:
    """What it has got, and how it behaves."""

    port: int = 0
    stored: list[str] = field(default_factory=list)  #: SOP Instance UIDs, as often as they came
    kept: set[str] = field(default_factory=set)  #: what it still has
    requests: list[tuple[str, list[str]]] = field(default_factory=list)  #: Transaction UID, SOP Instance UIDs
    queries: int = 0
    loses: int = 0  #: so many objects are gone before anybody asks for them
    action_statuses: list[int] = field(default_factory=list)  #: answered in turn, then success
    find_statuses: list[int] = field(default_factory=list)
    reports: bool = True
    before_answer: Callable[[], None] | None = None  #: called when an object is stored, before it is said
    before_report: Callable[[], None] | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def on_store(self, event: Any) -> int:
        """Answer C-STORE."""
        uid = str(event.request.AffectedSOPInstanceUID)
        self.stored.append(uid)
        if self.loses:
            self.loses -= 1
        else:
            self.kept.add(uid)
        if self.before_answer is not None:
            self.before_answer()
        return 0x0000

    def on_action(self, event: Any) -> tuple[int, None]:
        """Answer N-ACTION; the report follows on the same association, from another thread."""
        information = event.action_information
        uids = [str(item.ReferencedSOPInstanceUID) for item in information.ReferencedSOPSequence]
        self.requests.append((str(information.TransactionUID), uids))
        status = self.action_statuses.pop(0) if self.action_statuses else 0x0000
        if status == 0x0000 and self.reports:
            thread = threading.Thread(target=self._report, args=(event.assoc, information))
            self._threads.append(thread)
            thread.start()
        return status, None

    def on_find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Answer C-FIND at image level."""
        self.queries += 1
        if self.find_statuses:
            yield self.find_statuses.pop(0), None
            return
        if str(event.identifier.SOPInstanceUID) in self.kept:
            yield 0xFF00, event.identifier

    def join(self) -> None:
        """Wait for the reports that are under way."""
        for thread in self._threads:
            thread.join(10)

    def _report(self, association: Any, request: Dataset) -> None:
        if self.before_report is not None:
            self.before_report()
            return
        report = Dataset()
        report.TransactionUID = request.TransactionUID
        report.ReferencedSOPSequence, report.FailedSOPSequence = [], []
        for item in request.ReferencedSOPSequence:
            if str(item.ReferencedSOPInstanceUID) in self.kept:
                report.ReferencedSOPSequence.append(item)
            else:
                item.FailureReason = 0x0112
                report.FailedSOPSequence.append(item)
        kind = 2 if report.FailedSOPSequence else 1
        association.send_n_event_report(
            report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )


@contextmanager
def running(*services: str, classes: Sequence[str] = (CTImageStorage,), **behaviour: Any) -> Iterator[Pacs]:
    """Run a PACS that offers some of `COMMITMENT` and `FIND` on a free port."""
    pacs = Pacs(**behaviour)
    entity = AE("PACS")
    for sop_class in classes:
        entity.add_supported_context(sop_class, ExplicitVRLittleEndian)
    for service in services:
        entity.add_supported_context(service)
    handlers = [
        (evt.EVT_C_STORE, pacs.on_store),
        (evt.EVT_N_ACTION, pacs.on_action),
        (evt.EVT_C_FIND, pacs.on_find),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        pacs.join()
        server.shutdown()
