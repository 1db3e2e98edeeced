import socket
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine
from waiting import wait_until

from node.receiver import Receiver
from node.settings import Settings
from node.sop_classes import ANALYSED, STORED_ONLY

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
VERIFICATION = "1.2.840.10008.1.1"
ACCEPTED, NO_ABSTRACT_SYNTAX, NO_TRANSFER_SYNTAX = 0, 3, 4  # PS3.8 9.3.3.2

Settle = Callable[..., Settings]


def test_unknown_sop_classes_and_transfer_syntaxes_are_rejected_one_by_one(
    receiver: Receiver, associate: type[Any]
) -> None:
    contexts = (
        (CT, EXPLICIT),
        ("1.2.840.113619.4.27", EXPLICIT),  # GE's private SOP class
        ("1.2.840.10008.5.1.4.1.1.9.1.1", EXPLICIT),  # a 12-lead ECG
        (CT, "1.2.3.4.5"),
        (VERIFICATION, EXPLICIT),
    )
    with associate(receiver.port, contexts=contexts) as peer:
        assert peer.results == {
            1: ACCEPTED,
            3: NO_ABSTRACT_SYNTAX,
            5: NO_ABSTRACT_SYNTAX,
            7: NO_TRANSFER_SYNTAX,
            9: ACCEPTED,
        }
        assert peer.echo(context=9) == 0x0000


def test_a_whole_study_can_be_pushed(receiver: Receiver, associate: type[Any]) -> None:
    contexts = tuple((sop_class, EXPLICIT) for sop_class in sorted(ANALYSED | STORED_ONLY))
    with associate(receiver.port, contexts=contexts) as peer:
        assert set(peer.results.values()) == {ACCEPTED}


@pytest.mark.parametrize(
    ("receiver_settings", "peer_titles", "rejection"),
    [
        ({}, {"called": "ELSEWHERE"}, (1, 1, 7)),
        ({"require_called_ae": False}, {"called": "ELSEWHERE"}, None),
        ({"peers": [{"ae_title": "PACS"}]}, {"calling": "STRANGER"}, (1, 1, 3)),
        ({"peers": [{"ae_title": "PACS"}]}, {"calling": "PACS"}, None),
        ({"peers": [{"ae_title": "PACS", "host": "localhost"}]}, {"calling": "PACS"}, None),
        ({"peers": [{"ae_title": "PACS", "host": "192.0.2.1"}]}, {"calling": "PACS"}, (1, 1, 3)),
    ],
)
def test_who_may_come_in(
    settings_of: Settle,
    engine: Engine,
    associate: type[Any],
    receiver_settings: dict[str, Any],
    peer_titles: dict[str, str],
    rejection: tuple[int, int, int] | None,
) -> None:
    with (
        Receiver(settings_of(**receiver_settings), engine) as receiver,
        associate(receiver.port, **peer_titles) as peer,
    ):
        assert peer.rejection == rejection
        assert peer.accepted == (rejection is None)
        if peer.accepted:
            assert peer.echo() == 0x0000


def test_overload_is_transient_and_passes(settings_of: Settle, engine: Engine, associate: type[Any]) -> None:
    with Receiver(settings_of(max_associations=2), engine) as receiver, ExitStack() as stack:
        first, _ = (stack.enter_context(associate(receiver.port)) for _ in range(2))
        assert stack.enter_context(associate(receiver.port)).rejection == (2, 3, 2)
        first.release()
        wait_until(lambda: receiver.open_associations() == 1)
        assert stack.enter_context(associate(receiver.port)).accepted


def test_silent_connections_do_not_keep_others_out(
    settings_of: Settle, engine: Engine, associate: type[Any]
) -> None:
    """They neither count as associations, nor may one host hold more than its share."""
    with Receiver(settings_of(max_associations=2), engine) as receiver, ExitStack() as stack:
        for _ in range(40):
            silent = socket.create_connection(
                ("127.0.0.1", receiver.port), 5, source_address=("127.0.0.2", 0)
            )
            stack.enter_context(silent)
        with associate(receiver.port) as peer:
            assert peer.echo() == 0x0000


def test_a_pdu_that_announces_too_much_is_cut_off(receiver: Receiver, associate: type[Any]) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), 5) as greedy:
        greedy.sendall(b"\1\0" + struct.pack(">L", 1 << 30))
        assert _closed(greedy)
    with associate(receiver.port) as peer:
        peer.socket.sendall(b"\4\0" + struct.pack(">L", 1 << 30))
        assert _closed(peer.socket)
    with associate(receiver.port) as peer:
        assert peer.echo() == 0x0000


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03", b"\1\0\0\0\0\4oops"]
)
def test_what_is_not_dicom_ends_the_connection_only(
    receiver: Receiver, associate: type[Any], noise: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), 5) as stranger:
        stranger.sendall(noise)
        stranger.shutdown(socket.SHUT_WR)
        assert _closed(stranger)
    with associate(receiver.port) as peer:
        assert peer.echo() == 0x0000


def test_echo_is_answered_while_others_send(
    receiver: Receiver, associate: type[Any], data_set: Callable[..., bytes]
) -> None:
    big = data_set("1.2.3.4.1", PixelData=bytes(1 << 20))
    done = threading.Event()

    def push(number: int) -> None:
        with associate(receiver.port) as peer:
            while not done.is_set():
                peer.store(big, "1.2.3.4.1")

    senders = [threading.Thread(target=push, args=(number,)) for number in range(3)]
    for sender in senders:
        sender.start()
    with associate(receiver.port) as peer:
        answers = [peer.echo() for _ in range(20)]
    done.set()
    for sender in senders:
        sender.join()
    assert answers == [0x0000] * 20


def _closed(connection: socket.socket) -> bool:
    connection.settimeout(5)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True
