"""Peers that are silent, slow or mad keep nobody else from being served."""

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from dicom_peer import Peer
from sqlalchemy import Engine
from waiting import wait_until

from node.receiver import Receiver
from node.settings import Settings
from node.worker.process import resident_bytes

IDLE, SLOW = 200, 20
HOSTS = 8  #: loopback addresses that they come from: a host may have 32 silent connections
CONNECTS = 10_000
PROBE = """
import socket, sys
for _ in range(int(sys.argv[2])):
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20).close()
"""
OTHER_HOST = "127.0.0.99"  #: where the well-behaved peer comes from


@pytest.fixture
def crowded(
    settings_of: Callable[..., Settings], engine: Engine, tmp_path: Path
) -> Iterator[tuple[Receiver, ExitStack]]:
    """A receiver with 200 idle connections, 20 that send a byte now and then, and a silent TLS client."""
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "server.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    tls = {"port": 0, "certificate": tmp_path / "server.pem", "key": tmp_path / "server.key"}
    with Receiver(settings_of(tls=tls), engine) as receiver, ExitStack() as stack:
        for number in range(IDLE):
            stack.enter_context(_connect(receiver.port, f"127.0.0.{2 + number % HOSTS}"))
        stack.enter_context(_connect(receiver.tls_port, "127.0.0.90"))
        yield receiver, stack


def test_200_idle_20_slow_and_a_silent_tls_client(
    crowded: tuple[Receiver, ExitStack], data_set: Callable[..., bytes]
) -> None:
    receiver, stack = crowded
    slow = [stack.enter_context(_connect(receiver.port, f"127.0.0.{50 + n}")) for n in range(SLOW)]
    stopping = threading.Event()
    dripping = threading.Thread(target=_drip, args=(slow, stopping))
    dripping.start()
    try:
        start = time.monotonic()
        with _Elsewhere(receiver.port) as peer:
            assert peer.echo() == 0x0000
            echoed = time.monotonic() - start
            assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == 0x0000
            peer.release()
        assert echoed < 1.0
        assert _busy(1.0) < 0.10
    finally:
        stopping.set()
        dripping.join()


def test_an_association_request_without_end_is_cut_off(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), 20) as mad:
        mad.sendall(b"\1\0" + struct.pack(">L", 1 << 30))
        sent = 0
        with pytest.raises(OSError):
            for _ in range(64):  # 64 MiB of the 1 GiB that was announced
                mad.sendall(bytes(1 << 20))
                sent += 1 << 20
    assert sent < 16 << 20  # what fits the buffers of both sides, not what was announced


def test_memory_stays_flat_over_10000_connections(receiver: Receiver) -> None:
    def probe(count: int) -> None:
        """Connect from another process, which does not share the interpreter's lock with the receiver."""
        subprocess.run([sys.executable, "-c", PROBE, str(receiver.port), str(count)], check=True)

    probe(1000)
    wait_until(lambda: receiver.open_associations() == 0)
    before, descriptors = resident_bytes(os.getpid()), _descriptors()
    probe(CONNECTS)
    with _Elsewhere(receiver.port) as peer:
        assert peer.echo() == 0x0000
        peer.release()
    wait_until(lambda: _descriptors() <= descriptors + 5)
    assert resident_bytes(os.getpid()) - before < 8 << 20


class _Elsewhere(Peer):
    """A peer with an address of its own."""

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20, source_address=(OTHER_HOST, 0))


def _connect(port: int, host: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 20, source_address=(host, 0))


def _drip(sockets: list[socket.socket], stopping: threading.Event) -> None:
    """Send an association request byte by byte."""
    request = b"\1\0" + struct.pack(">L", 200) + bytes(200)
    for byte in request:
        for each in sockets:
            try:
                each.send(bytes([byte]))
            except OSError:
                continue
        if stopping.wait(0.1):
            return


def _busy(seconds: float) -> float:
    """Return the share of a core that this process uses, over so many seconds."""
    start = resource.getrusage(resource.RUSAGE_SELF)
    threading.Event().wait(seconds)
    end = resource.getrusage(resource.RUSAGE_SELF)
    return (end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime) / seconds


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
