"""The way to a collector: framed, in order, and what it missed comes later."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from node.audit import Trail
from node.audit.syslog import LOOK_S, RETRY_S, Forwarder, frame
from node.settings import Settings, parse

Make = Callable[..., Settings]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def settings(port: int, **audit: object) -> Settings:
        given = {"syslog": "127.0.0.1", "port": port, **audit}
        return parse({"data_dir": tmp_path, "audit": given}, "test")

    return settings


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(10)
        yield collector


def _forwarder(settings: Settings) -> Forwarder:
    return Forwarder(settings, lambda: None)


def test_a_frame_is_rfc_5424() -> None:
    line = (
        b'<AuditMessage><EventIdentification EventDateTime="2026-12-01T10:00:00.000+00:00"/></AuditMessage>'
    )
    head, _, text = frame(line).partition(b"\xef\xbb\xbf")
    fields = head.decode().split(" ")
    assert fields[:2] == ["<85>1", "2026-12-01T10:00:00.000+00:00"]
    assert fields[3] == "lumbar-node"
    assert fields[5:] == ["DICOM+RFC3881", "-", ""]
    assert text == line


def test_udp_gets_each_message_once(make: Make, udp: socket.socket) -> None:
    settings = make(udp.getsockname()[1], transport="udp")
    for number in range(3):
        Trail(settings).viewed(f"w{number}", None, "1.2.3")
    assert _forwarder(settings).step() == 0.0
    came = [udp.recv(65536) for _ in range(3)]
    assert [f'UserID="w{number}"'.encode() in came[number] for number in range(3)] == [True] * 3
    assert _forwarder(settings).step() == LOOK_S  # a new process knows what has been sent
    Trail(settings).viewed("late", None, "1.2.3")
    _forwarder(settings).step()
    assert b'UserID="late"' in udp.recv(65536)


def test_a_line_that_is_being_written_waits(make: Make, udp: socket.socket) -> None:
    settings = make(udp.getsockname()[1], transport="udp")
    Trail(settings).started()
    (path,) = (settings.data_dir / "audit").glob("*.xml")
    with path.open("ab") as file:
        file.write(b"<AuditMess")
    forwarder = _forwarder(settings)
    assert (forwarder.step(), forwarder.step()) == (0.0, LOOK_S)
    kept = json.loads((path.parent / "sent.json").read_text())
    assert kept["offset"] == path.stat().st_size - len(b"<AuditMess")


def test_tls_counts_octets_and_a_collector_that_was_away_gets_everything(make: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = make(port, ca=tmp_path / "ca.pem")
    for number in range(3):
        Trail(settings).viewed(f"w{number}", None, "1.2.3")
    assert _forwarder(settings).step() == RETRY_S  # nobody is there
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=_collect, args=(listener, context, came))
        thread.start()
        assert _forwarder(settings).step() == 0.0
        thread.join()
    data = b"".join(came)
    for number in range(3):
        count, _, rest = data.partition(b" ")
        message, data = rest[: int(count)], rest[int(count) :]
        assert f'UserID="w{number}"'.encode() in message
        assert message.endswith(b"</AuditMessage>")
    assert data == b""


def _collect(listener: socket.socket, context: ssl.SSLContext, came: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection, context.wrap_socket(connection, server_side=True) as stream:
        while data := stream.recv(65536):
            came.append(data)
        stream.unwrap()
