"""A modality for the demonstration: sends files over one association per study."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from pydicom.filereader import read_file_meta_info
from pynetdicom import AE, build_context, evt

from node.errors import NodeError

AE_TITLE = "MODALITY"


def push(files: Sequence[Path], called: str, port: int, sent: Callable[[int], None]) -> None:
    """Send files to a Storage SCP on this machine (PS3.4 B.4).

    Parameters
    ----------
    files : sequence of Path
        Of any SOP classes and transfer syntaxes.
    called : str
        AE title of the receiver.
    port : int
    sent : callable
        Told how many files have been acknowledged.

    Raises
    ------
    NodeError
        If the receiver does not accept the association or an object.
    """
    kinds = {
        (meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID) for meta in map(read_file_meta_info, files)
    }
    association = AE(AE_TITLE).associate(
        "127.0.0.1",
        port,
        contexts=[build_context(*kind) for kind in sorted(kinds)],
        ae_title=called,
        evt_handlers=[(evt.EVT_CONN_OPEN, _without_delay)],
    )
    if not association.is_established:
        raise NodeError(f"{called} on port {port} does not accept an association")
    try:
        for count, file in enumerate(files, start=1):
            status = association.send_c_store(file).get("Status")
            if status != 0x0000:
                answer = "no answer" if status is None else f"status 0x{status:04X}"
                raise NodeError(f"{called} did not take {file}: {answer}")
            sent(count)
    finally:
        association.release()


def _without_delay(event: evt.Event) -> None:
    """Switch Nagle's algorithm off, which would hold back the small packet that ends each object."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
