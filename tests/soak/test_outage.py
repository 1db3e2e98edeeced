"""An Orthanc that is down for ten minutes gets everything once it is back."""

import threading
from pathlib import Path

import orthanc_server
import pytest
from integration.serving import send, settings
from network import own_network_or_skip
from served import Serve
from soak import truth
from waiting import wait_until
from workers.images import image

from node import engine as database

DOWN_S = 600.0
STUDIES = 20

pytestmark = [
    pytest.mark.soak,
    pytest.mark.orthanc,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(orthanc_server.missing()), reason=str(orthanc_server.missing())),
]


def test_orthanc_down_for_ten_minutes(
    tmp_path: Path, serve: Serve, scale: float, note: dict[str, object]
) -> None:
    with own_network_or_skip():
        _outage(tmp_path, serve, DOWN_S * scale, note)
    assert note["results in Orthanc"] == note["studies done"] == STUDIES


def _outage(folder: Path, serve: Serve, seconds: float, note: dict[str, object]) -> None:
    to = {"name": "orthanc", "ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc_server.DICOM_PORT}
    given = settings(
        folder / "node", web={"enabled": False}, destinations=[{**to, "retry_s": 5, "timeout_s": 5}]
    )
    node = serve(given, "tally")
    for number in range(STUDIES):
        send(node.port, image(f"1.5.{number}", patient_id=f"P{number}"))
    engine = database.create(given)
    wait_until(lambda: truth.states(engine) == {"delivering": STUDIES}, 120)
    threading.Event().wait(seconds)
    assert truth.states(engine) == {"delivering": STUDIES}
    with orthanc_server.running(folder / "orthanc") as orthanc:
        wait_until(lambda: truth.states(engine) == {"done": STUDIES}, max(60.0, 2 * seconds))
        note |= {
            "seconds down": round(seconds),
            "studies done": truth.states(engine)["done"],
            "results in Orthanc": len(orthanc.find("Instance", Modality="SR")),
        }
