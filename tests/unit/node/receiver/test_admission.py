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


def test_one_host_has_its_share_of_silent_connections() -> None:
    admission = _admission()
    assert all(admission.connect(("192.0.2.1", port)) for port in range(HALF_OPEN_PER_HOST))
    assert not admission.connect(("192.0.2.1", 60_000))
    assert admission.connect(("192.0.2.2", 1))
    admission.ended(1, ("192.0.2.1", 0))  # closed without a word
    assert admission.connect(("192.0.2.1", 60_000))
    admission.request(2, "LUMBARNODE", "PACS", ("192.0.2.1", 1))  # speaks
    assert admission.connect(("192.0.2.1", 60_001))


def test_all_hosts_together_have_a_limit() -> None:
    admission = _admission()
    assert all(admission.connect((f"192.0.2.{number}", 1)) for number in range(HALF_OPEN))
    assert not admission.connect(("198.51.100.1", 1))
