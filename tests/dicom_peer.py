"""A DICOM peer over a plain socket, so that it can say what no library would."""

import socket
import struct
from dataclasses import dataclass
from typing import Any, Self

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
TIMEOUT_S = 20

Contexts = tuple[tuple[str, str], ...]


@dataclass
class Peer:
    """One association; `contexts` are (abstract syntax, transfer syntax), with the ids 1, 3, 5 …"""

    port: int
    called: str = "LUMBARNODE"
    calling: str = "PEER"
    contexts: Contexts = ((CT, EXPLICIT), (VERIFICATION, IMPLICIT))

    def __post_init__(self) -> None:
        self.socket = self.connect()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self._request())
        kind, body = self.pdu()
        self.accepted = kind == 2
        #: result, source, reason of an A-ASSOCIATE-RJ
        self.rejection = tuple(body[1:4]) if kind == 3 else None
        self.results = _results(body) if self.accepted else {}

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.socket.close()

    def store(
        self, data: bytes, uid: str, sop_class: str = CT, context: int = 1, piece: int = 100_000
    ) -> int | None:
        """Return the status of a C-STORE; None if the association was aborted."""
        self.send_store(data, uid, sop_class, context, piece)
        return self.status()

    def send_store(
        self, data: bytes, uid: str, sop_class: str = CT, context: int = 1, piece: int = 100_000
    ) -> None:
        self.socket.sendall(self._command(context, sop_class, 0x0001, 0x0000, uid))
        for start in range(0, max(len(data), 1), piece):
            part = data[start : start + piece]
            self.socket.sendall(_p_data(context, 0 if start + piece < len(data) else 2, part))

    def echo(self, context: int = 3) -> int | None:
        self.socket.sendall(self._command(context, VERIFICATION, 0x0030, 0x0101, None))
        return self.status()

    def status(self) -> int | None:
        kind, body = self.pdu()
        if kind != 4:
            return None
        at = body.index(b"\0\0\0\x09\2\0\0\0")  # (0000,0900) Status, US
        return int(struct.unpack_from("<H", body, at + 8)[0])

    def release(self) -> None:
        """Release, and wait until the other side has closed."""
        self.socket.sendall(b"\5\0" + struct.pack(">L", 4) + bytes(4))
        assert self.pdu()[0] == 6
        self.wait_closed()

    def abort(self) -> None:
        self.socket.sendall(b"\7\0" + struct.pack(">L", 4) + bytes(4))
        self.wait_closed()

    def wait_closed(self) -> None:
        while self.socket.recv(4096):
            pass
        self.socket.close()

    def pdu(self) -> tuple[int, bytes]:
        """Return type and content of the next PDU; type 0 if the connection was closed."""
        head = self._read(6)
        if len(head) < 6:
            return 0, b""
        return head[0], self._read(struct.unpack(">L", head[2:])[0])

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError:
                break
            if not more:
                break
            data += more
        return data

    def _request(self) -> bytes:
        items = _item(0x10, b"1.2.840.10008.3.1.1.1")
        for number, (abstract, transfer) in enumerate(self.contexts):
            head = bytes((2 * number + 1, 0, 0, 0))
            items += _item(0x20, head + _item(0x30, abstract.encode()) + _item(0x40, transfer.encode()))
        items += _item(0x50, _item(0x51, struct.pack(">L", 16384)) + _item(0x52, b"1.2.3"))
        titles = self.called.ljust(16).encode() + self.calling.ljust(16).encode()
        body = b"\0\1\0\0" + titles + bytes(32) + items
        return b"\1\0" + struct.pack(">L", len(body)) + body

    def _command(self, context: int, sop_class: str, field: int, has_data: int, uid: str | None) -> bytes:
        elements = _element(0x0002, _padded(sop_class)) + _element(0x0100, struct.pack("<H", field))
        elements += (
            _element(0x0110, b"\1\0")
            + _element(0x0700, b"\0\0")
            + _element(0x0800, struct.pack("<H", has_data))
        )
        if uid is not None:
            elements += _element(0x1000, _padded(uid))
        return _p_data(context, 3, _element(0x0000, struct.pack("<L", len(elements))) + elements)


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value)) + value


def _padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def _p_data(context: int, control: int, content: bytes) -> bytes:
    head = struct.pack(">LBB", len(content) + 2, context, control)
    return b"\4\0" + struct.pack(">L", len(head) + len(content)) + head + content


def _results(body: bytes) -> dict[int, int]:
    """Return the result of each presentation context of an A-ASSOCIATE-AC: 0 accepted, 3 abstract syntax …"""
    results, at = {}, 68
    while at < len(body):
        kind, length = body[at], struct.unpack_from(">H", body, at + 2)[0]
        if kind == 0x21:
            results[body[at + 4]] = body[at + 6]
        at += 4 + length
    return results


def make_data_set(uid: str, transfer_syntax: str = EXPLICIT, **changes: Any) -> bytes:
    """Return an encoded data set; a change to None leaves the element out."""
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": uid,
        "StudyDate": "20240102",
        "Modality": "CT",
        "PatientName": "NOBODY^AT ALL",
        "PatientID": "4711",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "PixelData": uid.encode().ljust(512, b"."),
        **changes,
    }
    data_set = Dataset()
    for name, value in values.items():
        if value is not None:
            setattr(data_set, name, value)
    if "PixelData" in data_set:
        data_set["PixelData"].VR = "OW"
    encoded = encode(data_set, transfer_syntax == IMPLICIT, True)
    assert encoded is not None
    return encoded
