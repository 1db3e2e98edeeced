"""Results to a Storage SCP (PS3.4 annex B): one association per batch, one context per transfer syntax."""

import socket
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association

from node.delivery import confirming
from node.delivery.confirming import Report
from node.delivery.objects import Outgoing, Receipt
from node.delivery.tls import tls_of
from node.errors import TransientDeliveryError
from node.settings import Destination

SUCCESS = 0x0000
#: what no repetition will change: SOP class not supported, not authorised, unrecognised operation,
#: invalid SOP instance and the like (PS3.7 annex C)
PERMANENT = frozenset({0x0106, 0x0115, 0x0117, 0x0118, 0x0119, 0x0120, 0x0121, 0x0122, 0x0124, 0x0211})


class CStore:
    """A Storage SCP as a destination.

    Parameters
    ----------
    destination : Destination
        Host, port, called AE title; `timeout_s` bounds the connection, the negotiation and each response.
    ae_title : str
        Our own.
    """

    def __init__(self, destination: Destination, ae_title: str) -> None:
        self._destination = destination
        self._entity = AE(ae_title)
        self._entity.connection_timeout = destination.timeout_s
        self._entity.acse_timeout = destination.timeout_s
        self._entity.dimse_timeout = destination.timeout_s
        self._entity.network_timeout = destination.timeout_s
        # pynetdicom knows this for the whole process only: send a file's bytes as they are
        _config.STORE_SEND_CHUNKED_DATASET = True

    def send(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        """Send objects over one association; see `node.delivery.destinations.Destination`."""
        syntaxes = {}
        for item in objects:
            try:
                syntaxes[item] = str(read_file_meta_info(item.path).TransferSyntaxUID)
            except (OSError, InvalidDicomError, AttributeError) as error:
                why = getattr(error, "strerror", None) or "not a DICOM file"
                yield Receipt(item.delivery_id, "refused", f"{item.path.name} cannot be read: {why}")
        if not syntaxes:
            return
        association = self._associate(sorted({(i.sop_class_uid, syntax) for i, syntax in syntaxes.items()}))
        accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in association.accepted_contexts}
        try:
            for item, syntax in syntaxes.items():
                yield self._store(association, item, (item.sop_class_uid, syntax) in accepted)
        finally:
            if association.is_established:
                association.release()

    def confirm(
        self,
        transaction_uid: str,
        objects: Sequence[Outgoing],
        record: Callable[[Report], None],
        settled: Callable[[], bool],
    ) -> Generator[Receipt, None, None]:
        """Have the destination confirm what it took; see `node.delivery.destinations.Confirming`.

        The report of a storage commitment is waited for a little, on this association or wherever it comes;
        then, and where there is no commitment, C-FIND tells; where there is neither, the C-STORE's success
        has to do.
        """
        answers = confirming.Answers(record)
        wanted = [(confirming.FIND, ImplicitVRLittleEndian), (confirming.COMMITMENT, ImplicitVRLittleEndian)]
        if self._destination.commitment == "c-find":
            wanted.pop()
        association = self._associate(wanted, confirming.handlers(answers))
        accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
        try:
            if confirming.COMMITMENT in accepted and confirming.ask(association, transaction_uid, objects):
                if answers.wait(self._destination.commitment_wait_s, settled):
                    return
                accepted.add("asked")
            for item in objects:
                yield self._found(association, item, accepted)
        finally:
            if association.is_established:
                association.release()

    def _found(self, association: Association, item: Outgoing, accepted: set[str]) -> Receipt:
        """Say what C-FIND says of an object, or what that it says nothing means."""
        there = None
        if confirming.FIND in accepted and association.is_established:
            header = dcmread(item.path, specific_tags=["StudyInstanceUID", "SeriesInstanceUID"])
            there = confirming.find(
                association, item, str(header.StudyInstanceUID), str(header.SeriesInstanceUID)
            )
        if there:
            return Receipt(item.delivery_id, "delivered", by="c-find")
        if there is False and "asked" not in accepted:
            return Receipt(item.delivery_id, "lost", "C-FIND does not find it any more")
        if "asked" in accepted:
            return Receipt(item.delivery_id, "deferred", "no report of the storage commitment yet")
        text = "the destination offers neither storage commitment nor C-FIND"
        return Receipt(item.delivery_id, "delivered", text)

    def _associate(self, contexts: list[tuple[str, str]], handlers: Sequence[Any] = ()) -> Association:
        """Open an association; one that came to nothing because no context was accepted is returned too."""
        to = self._destination
        connected = threading.Event()

        def on_connection(event: evt.Event) -> None:
            connected.set()
            # without Nagle's algorithm: a C-STORE ends with a small packet that must not wait for an ACK
            event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        try:
            association = self._entity.associate(
                to.host,
                to.port,
                contexts=[build_context(*pair) for pair in contexts],
                ae_title=to.ae_title,
                evt_handlers=[(evt.EVT_CONN_OPEN, on_connection), *handlers],
                tls_args=tls_of(to),
            )
        except (
            OSError
        ) as error:  # the name of the host cannot be resolved, or ca, certificate or key not be used
            raise self._trouble(f"cannot be reached: {error.strerror or error}") from None
        if association.is_established or (association.is_aborted and association.rejected_contexts):
            return association
        raise self._trouble(_why(association) if connected.is_set() else "cannot be reached")

    def _trouble(self, what: str) -> TransientDeliveryError:
        to = self._destination
        return TransientDeliveryError(f"{to.name}: {to.ae_title} at {to.host}:{to.port} {what}")

    def _store(self, association: Association, item: Outgoing, accepted: bool) -> Receipt:
        if not accepted:
            text = f"SOP class {item.sop_class_uid} is not accepted by {self._destination.ae_title}"
            return Receipt(item.delivery_id, "refused", text)
        if not association.is_established:
            raise self._trouble("has ended the association")
        response = association.send_c_store(item.path)
        if "Status" not in response:
            association.abort()
            seconds = self._destination.timeout_s
            raise self._trouble(f"has not answered within {seconds:g} s, or has aborted the association")
        said = receipt(item.delivery_id, response.Status, response.get("ErrorComment"))
        if said.verdict == "delivered" and self._destination.commitment != "none":
            return replace(said, verdict="sent")
        return said


def receipt(delivery_id: int, status: int, comment: str | None = None) -> Receipt:
    """Judge the status of a C-STORE response (PS3.4 B.2.3, PS3.7 annex C).

    Warnings (0x0001, 0x0107, 0x0116, 0xBxxx) mean stored; 0xA9xx, 0xCxxx and `PERMANENT` mean never; any
    other failure (out of resources 0xA7xx, processing failure 0x0110 …) is worth another attempt.
    """
    text = f"status 0x{status:04X}" + (f": {comment}" if comment else "")
    if status == SUCCESS:
        return Receipt(delivery_id, "delivered")
    if status in {0x0001, 0x0107, 0x0116} or status >> 12 == 0xB:
        return Receipt(delivery_id, "delivered", text)
    if status >> 8 == 0xA9 or status >> 12 == 0xC or status in PERMANENT:
        return Receipt(delivery_id, "refused", text)
    return Receipt(delivery_id, "deferred", text)


def _why(association: Association) -> str:
    if association.is_rejected:
        answer: Any = association.acceptor.primitive
        return f"rejects our association: {answer.result_str}, {answer.reason_str}"
    return "has not answered our association request, or has aborted it"
