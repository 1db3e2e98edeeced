"""TLS towards a Storage SCP: who it is has to be certain, and where it asks, who we are."""

import gc
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from forgotten import FORGOTTEN_SOCKET
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt

from node.delivery.cstore import CStore
from node.delivery.objects import Outgoing
from node.errors import TransientDeliveryError
from node.settings import CStoreDestination

Make = Callable[..., list[Outgoing]]


@contextmanager
def archive(authority: trustme.CA, name: str = "127.0.0.1") -> Iterator[int]:
    """Run a Storage SCP that wants a certificate of `authority`, and shows one for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    entity = AE("ARCHIVE")
    entity.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    handlers = [(evt.EVT_C_STORE, lambda _: 0x0000)]
    server = entity.start_server(("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=handlers)
    yield server.server_address[1]
    server.shutdown()
    gc.collect()  # here, where the test expects what pynetdicom has forgotten, and not in another test


def to(folder: Path, port: int, trusted: trustme.CA, own: trustme.CA | None) -> CStore:
    given = {"name": "pacs", "ae_title": "ARCHIVE", "host": "127.0.0.1", "port": port, "timeout_s": 5}
    given |= {"tls": True, "ca": folder / "ca.pem"}
    trusted.cert_pem.write_to_path(str(folder / "ca.pem"))
    if own is not None:
        issued = own.issue_cert("node.example.org")
        issued.cert_chain_pems[0].write_to_path(str(folder / "node.pem"))
        issued.private_key_pem.write_to_path(str(folder / "node.key"))
        given |= {"certificate": folder / "node.pem", "key": folder / "node.key"}
    return CStore(CStoreDestination.model_validate(given), "NODE")


def test_both_sides_show_a_certificate(outgoing: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    with archive(authority) as port:
        (receipt,) = to(tmp_path, port, authority, authority).send(outgoing("CT"))
    assert receipt.verdict == "delivered"


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_without_a_certificate_of_our_own_nothing_is_sent(outgoing: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    with archive(authority) as port, pytest.raises(TransientDeliveryError, match="pacs: ARCHIVE at "):
        list(to(tmp_path, port, authority, None).send(outgoing("CT")))


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
@pytest.mark.parametrize("stranger", [True, False], ids=["another authority", "another name"])
def test_whoever_is_not_the_destination_gets_nothing(outgoing: Make, tmp_path: Path, stranger: bool) -> None:
    authority = trustme.CA()
    trusted = trustme.CA() if stranger else authority
    name = "127.0.0.1" if stranger else "192.0.2.1"
    with archive(authority, name) as port, pytest.raises(TransientDeliveryError, match="cannot be reached"):
        list(to(tmp_path, port, trusted, authority).send(outgoing("CT")))


def test_a_certificate_that_is_not_there_is_said(outgoing: Make, tmp_path: Path) -> None:
    destination = to(tmp_path, 9, trustme.CA(), trustme.CA())
    (tmp_path / "node.key").unlink()
    with pytest.raises(TransientDeliveryError, match="No such file or directory"):
        list(destination.send(outgoing("CT")))
