"""Results to a Storage SCP (PS3.4 annex B): one association per study, one context per transfer syntax."""

import socket
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association

from node.delivery import confirming, statuses
from node.delivery.confirming import Inquiry
from node.delivery.objects import Outgoing, Receipt, unreadable
from node.delivery.tls import tls_of
from node.errors import TransientDeliveryError
from node.settings import CStoreDestination

#: of an association: their IDs are the odd numbers up to 255 (PS3.8 9.3.2.2)
MAX_CONTEXTS = 128


class CStore:
    """A Storage SCP as a destination.

    Parameters
    ----------
    destination : CStoreDestination
        Host, port, called AE title; `timeout_s` bounds the connection, the negotiation and each response.
    ae_title : str
        Our own.
    """

    def __init__(self, destination: CStoreDestination, ae_title: str) -> None:
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
                yield Receipt(item.delivery_id, "refused", str(unreadable(item, error)))
        for batch in _batches(syntaxes):
            yield from self._send(batch)

    def confirm(self, objects: Sequence[Outgoing], inquiry: Inquiry | None) -> Generator[Receipt, None, None]:
        """Have the destination confirm what it took; see `node.delivery.destinations.Confirming`.

        The report of a storage commitment is waited for a little, on this association or wherever it comes;
        then, and where there is no commitment, C-FIND tells; where there is neither, the C-STORE's success
        has to do.
        """
        if self._destination.commitment == "none":  # as it was not when they were sent
            yield from (Receipt(item.delivery_id, "delivered") for item in objects)
            return
        answers = confirming.Answers(inquiry)
        try:
            association = self._associate(confirming.contexts(inquiry), answers.handlers())
        except TransientDeliveryError:
            if inquiry is not None:
                inquiry.withdraw()
            raise
        try:
            yield from confirming.confirm(association, objects, answers, self._destination.commitment_wait_s)
        finally:
            if association.is_established:
                association.release()

    def _send(self, batch: Mapping[Outgoing, str]) -> Generator[Receipt, None, None]:
        association = self._associate(_contexts(batch))
        accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in association.accepted_contexts}
        try:
            for item, syntax in batch.items():
                yield self._store(association, item, (item.sop_class_uid, syntax) in accepted)
        finally:
            if association.is_established:
                association.release()

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
        except OSError as error:  # the host has no address, or ca, certificate or key cannot be used
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
            return Receipt(item.delivery_id, "unsupported", text)
        if not association.is_established:
            raise self._trouble("has ended the association")
        response = association.send_c_store(item.path)
        if "Status" not in response:
            association.abort()
            seconds = self._destination.timeout_s
            raise self._trouble(f"has not answered within {seconds:g} s, or has aborted the association")
        said = statuses.receipt(item.delivery_id, response.Status, response.get("ErrorComment"))
        if said.verdict == "delivered" and self._destination.commitment != "none":
            return replace(said, verdict="sent")
        return said


def _contexts(syntaxes: Mapping[Outgoing, str]) -> list[tuple[str, str]]:
    """Return (SOP class, transfer syntax) of each presentation context that objects need."""
    return sorted({(item.sop_class_uid, syntax) for item, syntax in syntaxes.items()})


def _batches(syntaxes: Mapping[Outgoing, str]) -> Iterator[dict[Outgoing, str]]:
    """Split objects that need more presentation contexts than one association has."""
    contexts = _contexts(syntaxes)
    for first in range(0, len(contexts), MAX_CONTEXTS):
        chosen = set(contexts[first : first + MAX_CONTEXTS])
        yield {item: syntax for item, syntax in syntaxes.items() if (item.sop_class_uid, syntax) in chosen}


def _why(association: Association) -> str:
    if association.is_rejected:
        answer: Any = association.acceptor.primitive
        return f"rejects our association: {answer.result_str}, {answer.reason_str}"
    return "has not answered our association request, or has aborted it"
