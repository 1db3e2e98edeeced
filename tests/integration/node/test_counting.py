"""A PACS that has more of a study than it has sent so far is waited for."""

from collections.abc import Callable
from pathlib import Path

import orthanc_server
import pytest
from integration.serving import ends, events, study, until
from orthanc_server import Orthanc
from pynetdicom import AE
from sqlalchemy import func, select
from workers.images import image, write_image

from node.counting import counts, missing
from node.db import Instance
from node.engine import readers
from node.serve import Node
from node.settings import Peer

pytestmark = pytest.mark.orthanc

Start = Callable[..., Node]
PEER = {"ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc_server.DICOM_PORT}


@pytest.fixture
def start(tallying: Start) -> Start:
    """Start a node that asks Orthanc how much there is."""
    asking = {"quiet_s": 0.5, "release_s": 0, "count_check": True, "ask_again_s": 0.5}

    def run(**completeness: object) -> Node:
        return tallying(
            receiver={"port": 0, "min_free_bytes": 0, "peers": [PEER]},
            completeness={**asking, **completeness},
            destinations=[],
        )

    return run


def _send(node: Node, uid: str, *numbers: int) -> None:
    """Send objects under Orthanc's AE title."""
    entity = AE("ORTHANC")
    entity.add_requested_context(image(uid).SOPClassUID)
    association = entity.associate("127.0.0.1", node.port, ae_title="LUMBARNODE")
    for number in numbers:
        assert association.send_c_store(image(uid, number=number)).Status == 0x0000
    association.release()


def _instances(node: Node) -> int:
    with readers(node.engine)() as session:
        return session.scalar(select(func.count(Instance.id))) or 0


def _upload(orthanc: Orthanc, folder: Path, uid: str, count: int) -> None:
    for number in range(1, count + 1):
        orthanc.upload(write_image(folder / f"{number}.dcm", uid, number=number))


def test_two_more_slices_are_waited_for(start: Start, orthanc: Orthanc, tmp_path: Path) -> None:
    _upload(orthanc, tmp_path, "1.2.71", 5)
    node = start()
    _send(node, "1.2.71", 1, 2, 3)
    until(lambda: events(node.engine, "1.2.71").count("counted") >= 2)
    waiting = study(node.engine, "1.2.71")
    assert (waiting.state, waiting.incomplete) == (
        "receiving", "the sender has 2 more instance(s) in 1 series"
    )  # fmt: skip
    _send(node, "1.2.71", 4, 5)
    done = ends(node.engine, "1.2.71", "done")
    assert (done.revision, done.incomplete, _instances(node)) == (1, None, 5)


def test_at_the_cap_it_is_processed_with_a_note(start: Start, orthanc: Orthanc, tmp_path: Path) -> None:
    _upload(orthanc, tmp_path, "1.2.72", 3)
    node = start(cap_s=3)
    _send(node, "1.2.72", 1)
    done = ends(node.engine, "1.2.72", "done")
    assert done.incomplete == "the sender has 2 more instance(s) in 1 series"


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_pacs_that_does_not_answer_keeps_nothing_waiting(start: Start) -> None:
    node = start()
    _send(node, "1.2.73", 1)  # Orthanc does not know this study: nothing is missing
    assert ends(node.engine, "1.2.73", "done").incomplete is None
    closed = Peer(ae_title="GONE", host="127.0.0.1", port=1)
    assert counts(closed, "LUMBARNODE", "1.2.73") is None


def test_what_is_missing_is_said_in_numbers() -> None:
    assert missing({"a": 3, "b": 1}, {"a": 3, "b": 1}) is None
    assert missing({"a": 4}, {"a": 3}) is None
    assert missing({"a": 1}, {"a": 3, "b": 2}) == "the sender has 4 more instance(s) in 2 series"
