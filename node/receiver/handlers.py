"""From pynetdicom's events to admission, storage and index."""

import threading
from collections.abc import Callable
from typing import Any

from node import logs
from node.audit import Trail
from node.elements import printable
from node.index.messages import AssociationEnded, Message
from node.receiver.admission import Address, Admission
from node.receiver.storage import MEDIUM, OUT_OF_RESOURCES, StorageService, StoreRequest

log = logs.get(__name__)


class Handlers:
    """What happens on an association.

    Parameters
    ----------
    admission : Admission
    service : StorageService
    submit : callable
        Takes messages for the index.
    trail : Trail
        Hears of those who are not let in.
    """

    def __init__(
        self,
        admission: Admission,
        service: StorageService,
        submit: Callable[[Message], None],
        trail: Trail,
    ) -> None:
        self._trail = trail
        self._admission = admission
        self._service = service
        self._submit = submit
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False

    def on_request(self, event: Any) -> None:
        """Answer an association request with a rejection, or leave it to the negotiation."""
        association, request = event.assoc, event.assoc.requestor.primitive
        address = association.requestor.address_info.as_tuple[:2]
        rejection = self._admission.request(
            id(association), request.called_ae_title, request.calling_ae_title, address
        )
        if rejection is not None:
            log.warning("association rejected", why=rejection.name, calling_ae=request.calling_ae_title)
            calling = printable(request.calling_ae_title).strip()
            self._trail.refused(calling, address[0], f"association rejected: {rejection.name}")
            association.acse.send_reject(*rejection.value)
            association.is_rejected = True
            association.kill()

    def on_store(self, event: Any) -> int:
        """Return the status of a C-STORE request."""
        with self._changed:
            if self._closed:
                return OUT_OF_RESOURCES
            self._running += 1
        try:
            with event.request.DataSet.getbuffer() as data_set:
                return self._service.handle(_request(event, data_set))
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def on_end(self, association: Any, address: Address) -> None:
        """Tell the index that an association which may have brought something has ended."""
        try:
            if self._admission.admitted(id(association)):
                calling = printable(association.requestor.primitive.calling_ae_title).strip()
                self._submit(AssociationEnded(id(association), association.is_released, calling))
        finally:
            self._admission.ended(id(association), address)

    def close(self, timeout: float) -> bool:
        """Answer further C-STOREs with A700 and wait for those that run; return whether all have ended."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._running == 0, timeout)


def _request(event: Any, data_set: memoryview) -> StoreRequest:
    primitive = event.assoc.requestor.primitive
    return StoreRequest(
        association=id(event.assoc),
        sop_class_uid=str(event.request.AffectedSOPClassUID),
        sop_instance_uid=str(event.request.AffectedSOPInstanceUID),
        abstract_syntax_uid=str(event.context.abstract_syntax),
        transfer_syntax_uid=str(event.context.transfer_syntax),
        calling_ae=printable(primitive.calling_ae_title).strip(),
        called_ae=printable(primitive.called_ae_title).strip(),
        data_set=data_set,
        priority=int(event.request.Priority or MEDIUM),
    )
