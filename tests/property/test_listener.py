"""Fuzzing of the listener: whatever comes in, it goes on serving, and acknowledges only what it has."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from dicom_peer import CT, EXPLICIT, IMPLICIT, Peer, make_data_set
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from waiting import wait_until

from node import engine as database
from node import header
from node.elements import CANNOT_UNDERSTAND
from node.errors import InvalidInstance
from node.header import DOES_NOT_MATCH
from node.receiver import Receiver
from node.settings import Settings

BOUNDED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TIMEOUT_S = 5.0

UID = "1.2.3.4.5"
DATA = make_data_set(UID)


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver for every example."""
    folder = tmp_path_factory.mktemp("fuzzed")
    values = {"data_dir": folder, "receiver": {"port": 0, "min_free_bytes": 0}}
    given_settings = Settings.model_validate(values)
    engine: Engine = database.create(given_settings)
    database.migrate(engine)
    crashed: list[threading.ExceptHookArgs] = []
    before, threading.excepthook = threading.excepthook, crashed.append
    with Receiver(given_settings, engine) as receiver:
        yield receiver
        wait_until(lambda: receiver.open_associations() == 0, 30)
    threading.excepthook = before
    engine.dispose()
    assert crashed == []


def _request() -> bytes:
    """Return the association request of the tests' peer."""
    peer = object.__new__(Peer)
    peer.called, peer.calling, peer.contexts = Peer.called, Peer.calling, Peer.contexts
    return peer._request()


def _p_data(content: bytes, control: int = 3) -> bytes:
    item = struct.pack(">LBB", len(content) + 2, 1, control) + content
    return b"\4\0" + struct.pack(">L", len(item)) + item


def _exchange(port: int, *messages: bytes) -> None:
    """Send, hang up, and read what comes back; the other side may be gone already."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as stream, suppress(OSError):
        for message in messages:
            stream.sendall(message)
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65536):
            pass


def _mutate(original: bytes, changes: list[tuple[int, int]], length: int | None) -> bytes:
    data = bytearray(original)
    for place, value in changes:
        data[place % len(data)] = value
    return bytes(data[:length])


CHANGES = st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), max_size=8)
LENGTH = st.none() | st.integers(0, 600)


@BOUNDED
@given(data=st.binary(max_size=2000))
def test_random_bytes(listener: Receiver, data: bytes) -> None:
    _exchange(listener.port, data)
    _is_well(listener)


@BOUNDED
@given(changes=CHANGES, length=LENGTH)
def test_mutated_association_requests(
    listener: Receiver, changes: list[tuple[int, int]], length: int | None
) -> None:
    _exchange(listener.port, _mutate(_request(), changes, length))
    _is_well(listener)


@BOUNDED
@given(changes=CHANGES, length=LENGTH, control=st.integers(0, 3))
def test_mutated_commands(
    listener: Receiver, changes: list[tuple[int, int]], length: int | None, control: int
) -> None:
    with Peer(listener.port) as peer:
        command = peer._command(1, CT, 0x0001, 0x0000, UID)
        with suppress(OSError):
            peer.socket.sendall(_mutate(command, changes, length))
            peer.socket.sendall(_p_data(DATA, control))
    _is_well(listener)


@BOUNDED
@given(changes=CHANGES, length=LENGTH)
def test_mutated_data_sets(listener: Receiver, changes: list[tuple[int, int]], length: int | None) -> None:
    """A success means that these very bytes are on the disk."""
    data = _mutate(DATA, changes, length)
    with Peer(listener.port) as peer:
        status = peer.store(data, UID)
        kept = [path.read_bytes() for path in listener._store.root.rglob("*.dcm")]
        if status == 0x0000:
            assert any(one.endswith(data) for one in kept)
        else:
            assert status in {CANNOT_UNDERSTAND, DOES_NOT_MATCH}
        peer.release()


@settings(max_examples=400, deadline=None)
@given(changes=CHANGES, length=LENGTH, syntax=st.sampled_from([EXPLICIT, IMPLICIT]))
def test_the_header_parser_raises_what_it_says(
    changes: list[tuple[int, int]], length: int | None, syntax: str
) -> None:
    data = _mutate(make_data_set(UID, syntax), changes, length)
    with suppress(InvalidInstance):
        found = header.read(memoryview(data), syntax)
        assert header.UID.fullmatch(found.sop_instance_uid)


def _is_well(receiver: Receiver) -> None:
    """Another peer is served as if nothing had been."""
    with _Elsewhere(receiver.port) as peer:
        assert peer.echo() == 0x0000
        peer.release()


class _Elsewhere(Peer):
    """A peer with an address of its own: the fuzzed one's may have its share of silent connections."""

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20, source_address=("127.0.0.99", 0))
