import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from node.receiver.admission import HALF_OPEN, HALF_OPEN_PER_HOST, Admission, Rejection
from node.settings import Receiver

HERE = ("127.0.0.1", 50_000)


def _admission(**values: Any) -> Admission:
    return Admission(Receiver.model_validate(values))


def test_the_called_ae_is_looked_at_first() -> None:
    admission = _admission(peers=[{"ae_title": "PACS"}], max_associations=1)
    assert admission.request(1, "WRONG", "NOBODY", HERE) is Rejection.CALLED_AE
    assert admission.request(1, "LUMBARNODE", "NOBODY", HERE) is Rejection.CALLING_AE
    assert admission.request(1, "LUMBARNODE      ", "PACS            ", HERE) is None
    assert admission.request(2, "LUMBARNODE", "PACS", HERE) is Rejection.OVERLOAD
    assert admission.open() == 1


def test_an_end_makes_room_once() -> None:
    admission = _admission(max_associations=1)
    assert admission.request(1, "LUMBARNODE", "PACS", HERE) is None
    assert admission.admitted(1)
    admission.ended(2, HERE)
    assert admission.request(2, "LUMBARNODE", "PACS", HERE) is Rejection.OVERLOAD
    admission.ended(1, HERE)
    assert not admission.admitted(1)
    assert admission.request(2, "LUMBARNODE", "PACS", HERE) is None


@pytest.mark.parametrize(
    ("host", "address", "welcome"),
    [
        (None, "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("localhost", "127.0.0.1", True),
        ("no.such.host.invalid", "127.0.0.1", False),
    ],
)
def test_a_peer_comes_from_its_address(host: str | None, address: str, welcome: bool) -> None:
    admission = _admission(peers=[{"ae_title": "PACS", "host": host}])
    rejection = admission.request(1, "LUMBARNODE", "PACS", (address, 104))
    assert rejection is (None if welcome else Rejection.CALLING_AE)


Connect = Callable[[str, int], tuple[bool, socket.socket]]


@pytest.fixture
def admission() -> Admission:
    return _admission()


@pytest.fixture
def connect(admission: Admission) -> Iterator[Connect]:
    """Connect; return whether that was allowed, and the far end."""
    with ExitStack() as stack:

        def make(host: str, port: int) -> tuple[bool, socket.socket]:
            near, far = (stack.enter_context(end) for end in socket.socketpair())
            far.settimeout(0)
            return admission.connect((host, port), near), far

        yield make


def test_one_host_has_its_share_of_silent_connections(admission: Admission, connect: Connect) -> None:
    assert all(connect("192.0.2.1", port)[0] for port in range(HALF_OPEN_PER_HOST))
    assert not connect("192.0.2.1", 60_000)[0]
    assert connect("192.0.2.2", 1)[0]
    admission.ended(1, ("192.0.2.1", 0))  # closed without a word
    assert connect("192.0.2.1", 60_000)[0]
    admission.request(2, "LUMBARNODE", "PACS", ("192.0.2.1", 1))  # speaks
    assert connect("192.0.2.1", 60_001)[0]


def test_of_too_many_silent_connections_the_oldest_is_closed(admission: Admission, connect: Connect) -> None:
    ends = [connect(f"192.0.2.{number}", 1)[1] for number in range(HALF_OPEN)]
    admission.request(1, "LUMBARNODE", "PACS", ("192.0.2.0", 1))  # has spoken: not silent any more
    assert connect("198.51.100.1", 1)[0]
    assert not any(_is_closed(end) for end in ends)
    assert connect("198.51.100.2", 1)[0]
    assert [_is_closed(end) for end in ends] == [False, True, *([False] * (HALF_OPEN - 2))]


def test_one_host_may_have_a_share_of_the_associations() -> None:
    admission = _admission(max_per_host=1)
    assert admission.request(1, "LUMBARNODE", "PACS", ("192.0.2.1", 1)) is None
    assert admission.request(2, "LUMBARNODE", "PACS", ("192.0.2.1", 2)) is Rejection.OVERLOAD
    assert admission.request(3, "LUMBARNODE", "PACS", ("192.0.2.2", 1)) is None
    admission.ended(1, ("192.0.2.1", 1))
    assert admission.request(4, "LUMBARNODE", "PACS", ("192.0.2.1", 3)) is None


def _is_closed(end: socket.socket) -> bool:
    try:
        return end.recv(1) == b""
    except BlockingIOError:
        return False
