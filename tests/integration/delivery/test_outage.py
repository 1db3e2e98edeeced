"""A real Orthanc that is down, and up again; and one that refuses."""

from collections.abc import Iterator
from pathlib import Path

import orthanc_server
import pytest
from forgotten import FORGOTTEN_SOCKET
from integration.serving import ends, jobs, send, settings, study, until
from network import own_network_or_skip
from workers.images import image

from node.delivery.objects import Outgoing
from node.delivery.stow import Stow
from node.doctor import delivery
from node.serve import Node
from node.settings import StowDestination

WEB = f"http://127.0.0.1:{orthanc_server.HTTP_PORT}/dicom-web"
DICOM = {"ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc_server.DICOM_PORT}

pytestmark = [
    pytest.mark.orthanc,
    pytest.mark.skipif(bool(orthanc_server.missing()), reason=str(orthanc_server.missing())),
]


@pytest.fixture
def network() -> Iterator[None]:
    """What the test starts is in a network namespace with lo alone."""
    with own_network_or_skip():
        yield


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_orthanc_is_down_and_gets_everything_once_it_is_back(network: None, tmp_path: Path) -> None:
    common = {"retry_s": 0.2, "timeout_s": 10}
    destinations = [
        {**common, **DICOM, "name": "dicom", "commitment": "c-find"},
        {**common, "name": "web", "kind": "stow-rs", "url": WEB},
    ]
    given = settings(tmp_path / "node", destinations=destinations, web={"enabled": False})
    with Node(given, function="workers.analyses:tally") as node:
        for number in range(3):
            send(node.port, image(f"1.2.{number}", patient_id=f"P{number}"))
        until(lambda: [job.attempts > 1 for job in jobs(node.engine, "deliver")].count(True) == 6)
        assert {study(node.engine, f"1.2.{number}").state for number in range(3)} == {"delivering"}
        assert [check.verdict for check in delivery.destinations(given)] == ["failed", "failed"]
        with orthanc_server.running(tmp_path / "orthanc") as orthanc:
            for number in range(3):
                ends(node.engine, f"1.2.{number}", "done", 60)
            assert len(orthanc.find("Instance", Modality="SR")) == 3
            assert [check.verdict for check in delivery.destinations(given)] == ["ok", "ok"]


def test_orthanc_refuses_what_is_no_dicom(network: None, tmp_path: Path) -> None:
    torn = tmp_path / "torn.dcm"
    torn.write_bytes(b"torn")
    to = StowDestination(name="web", kind="stow-rs", url=WEB)
    with orthanc_server.running(tmp_path / "orthanc"):
        (receipt,) = Stow(to).send([Outgoing(1, torn, "1.2", "1.2.3")])
    assert receipt.verdict == "refused"
    assert receipt.text is not None
    assert receipt.text.startswith("HTTP 4")
