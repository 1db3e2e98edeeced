"""Deliveries that Orthanc confirms: by storage commitment, C-FIND and STOW-RS; and a folder."""

from collections.abc import Callable
from pathlib import Path

import orthanc_server
import pytest
from integration.serving import ends, events, send
from orthanc_server import Orthanc
from sqlalchemy import select, update
from waiting import wait_until
from workers.images import image

from node.db import Delivery, Job
from node.engine import readers, sessions
from node.serve import Node

pytestmark = pytest.mark.orthanc

DICOM = {"name": "pacs", "ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc_server.DICOM_PORT}
WEB = f"http://127.0.0.1:{orthanc_server.HTTP_PORT}/dicom-web"
Start = Callable[..., Node]


@pytest.fixture
def start(tallying: Start) -> Start:
    """Start a node with one destination."""

    def run(**destination: object) -> Node:
        return tallying(
            destinations=[{"name": "pacs", "retry_s": 0.2, "timeout_s": 10, **destination}],
            completeness={"quiet_s": 5, "release_s": 0},
        )

    return run


def _delivery(node: Node) -> Delivery:
    with readers(node.engine)() as session:
        return session.scalars(select(Delivery)).one()


@pytest.mark.parametrize(
    ("destination", "by"),
    [
        ({**DICOM, "commitment": "storage-commitment"}, "commitment"),
        ({**DICOM, "commitment": "c-find"}, "c-find"),
        (DICOM, "c-store"),
        ({"kind": "stow-rs", "url": WEB}, "stow-rs"),
    ],
    ids=["commitment", "c-find", "c-store", "stow-rs"],
)
def test_a_result_is_confirmed(
    start: Start, orthanc: Orthanc, destination: dict[str, object], by: str
) -> None:
    uid = f"1.2.61.{len(by)}.{sum(by.encode())}"
    node = start(**destination)
    send(node.port, image(uid, patient_id=by))
    ends(node.engine, uid, "done")
    delivery = _delivery(node)
    assert (delivery.state, delivery.confirmed_by) == ("delivered", by)
    assert len(orthanc.find("Instance", Modality="SR", StudyInstanceUID=uid)) == 1


def test_a_result_that_is_lost_before_its_commitment_is_sent_again(start: Start, orthanc: Orthanc) -> None:
    node = start(**{**DICOM, "commitment": "storage-commitment"})
    send(node.port, image("1.2.62"))
    ends(node.engine, "1.2.62", "done")
    first = _delivery(node)
    (instance,) = orthanc.find("Instance", Modality="SR", StudyInstanceUID="1.2.62")
    orthanc.http.delete(f"/instances/{instance}").raise_for_status()
    with sessions(node.engine).begin() as session:  # as after a kill between C-STORE and commitment
        session.execute(update(Delivery).values(state="sent", transaction_uid=None))
        session.execute(update(Job).where(Job.kind == "deliver").values(state="queued", attempts=0))
    wait_until(lambda: _delivery(node).state == "delivered", 30)
    assert _delivery(node).confirmed_by == "commitment"
    assert _delivery(node).transaction_uid != first.transaction_uid
    assert len(orthanc.find("Instance", Modality="SR", StudyInstanceUID="1.2.62")) == 1
    assert events(node.engine, "1.2.62").count("analysed") == 1


def test_a_folder_gets_a_file_per_object(start: Start, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    node = start(kind="folder", path=str(tmp_path / "out"))
    send(node.port, image("1.2.63"))
    ends(node.engine, "1.2.63", "done")
    (file,) = (tmp_path / "out" / "1.2.63").iterdir()
    assert _delivery(node).confirmed_by == "folder"
    assert file.suffix == ".dcm"


def test_a_wrong_web_address_is_tried_again_and_said(start: Start) -> None:
    node = start(kind="stow-rs", url="http://127.0.0.1:9/dicom-web")
    send(node.port, image("1.2.64"))
    ends(node.engine, "1.2.64", "delivering")

    def tried() -> bool:
        with readers(node.engine)() as session:
            job = session.scalars(select(Job).filter_by(kind="deliver")).one_or_none()
            return job is not None and "127.0.0.1:9/dicom-web cannot be reached" in (job.error or "")

    wait_until(tried)
