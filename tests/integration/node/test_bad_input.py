"""What is wrong gets a status or ends in a state with a reason, and the node goes on answering C-ECHO."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from dicom_peer import EXPLICIT, Peer, make_data_set
from phantoms.slices import Stack
from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.valuerep import DSfloat
from pynetdicom.dsutils import encode
from sqlalchemy import select
from waiting import wait_until

from node.db import Refusal, Study
from node.engine import readers
from node.serve import Node
from node.settings import parse

LUMBAR = {"BodyPartExamined": "LSPINE"}
WAY_S = 300.0

Encoder = Callable[[Dataset], bytes]


def constant(ds: Dataset) -> bytes:
    ds.PixelData = bytes(len(ds.PixelData))
    return encoded(ds)


def not_a_number(ds: Dataset) -> bytes:
    ds.RescaleSlope = DSfloat("nan", validation_mode=IGNORE)
    return encoded(ds)


def truncated(ds: Dataset) -> bytes:
    return encoded(ds)[:-300]


def encoded(ds: Dataset) -> bytes:
    return encode(ds, False, True) or b""


def studies() -> dict[str, tuple[Stack, Encoder]]:
    """Studies that nothing can be measured in, each of a patient of its own."""
    block = {"slices": 40, "rows": 96, "columns": 96, "spacing": 5.0, "pixel_spacing": (4.0, 4.0)}
    return {
        "head": (Stack(**block, attributes={"BodyPartExamined": "HEAD"}), encoded),
        "localizer": (
            Stack(slices=2, attributes={**LUMBAR, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}),
            encoded,
        ),
        "one slice": (Stack(slices=1, attributes=LUMBAR), encoded),
        "constant": (Stack(**block, attributes=LUMBAR), constant),
        "truncated": (Stack(**block, attributes=LUMBAR), truncated),
        "not a number": (Stack(**block, attributes=LUMBAR), not_a_number),
    }


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    values = {
        "data_dir": tmp_path_factory.mktemp("node"),
        "receiver": {"port": 0, "min_free_bytes": 0},
        "completeness": {"quiet_s": 0.5, "release_s": 0.2},
        "web": {"enabled": False},
    }
    with Node(parse(values, "test")) as node:
        yield node


@pytest.fixture(autouse=True)
def answering(node: Node) -> Iterator[None]:
    """After every test the node answers C-ECHO."""
    yield
    with Peer(node.port) as peer:
        assert peer.echo() == 0x0000


def refusals(node: Node) -> list[tuple[int, str]]:
    with readers(node.engine)() as session:
        return [(r.status, r.reason) for r in session.scalars(select(Refusal).order_by(Refusal.id))]


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"\x00garbage" * 100, 0xC000, ""),
        (make_data_set("1.2.3.9", StudyInstanceUID=None), 0xC000, "StudyInstanceUID"),
        (make_data_set("1.2.3.8"), 0xA900, ""),
    ],
    ids=["garbage", "no study", "another object"],
)
def test_objects_that_are_refused(node: Node, data: bytes, status: int, reason: str) -> None:
    with Peer(node.port) as peer:
        assert (peer.store(data, "1.2.3.9") or 0) & 0xFF00 == status & 0xFF00
        peer.release()
    wait_until(lambda: any(s & 0xFF00 == status & 0xFF00 and reason in text for s, text in refusals(node)))


def test_another_called_title_is_rejected_for_good(node: Node) -> None:
    with Peer(node.port, called="SOMEBODY") as peer:
        assert peer.rejection == (1, 1, 7)


def test_unknown_sop_class_is_not_negotiated(node: Node) -> None:
    with Peer(node.port, contexts=(("1.2.3.4.5.6", EXPLICIT), ("1.2.840.10008.1.1", EXPLICIT))) as peer:
        assert peer.results[1] == 3  # abstract syntax not supported


@pytest.fixture(scope="module")
def verdicts(node: Node) -> dict[str, Study]:
    """Send every bad study, and wait for the end of its way."""
    sent = {}
    for number, (name, (stack, encoder)) in enumerate(studies().items()):
        of_nobody_else = replace(stack, attributes={**stack.attributes, "PatientID": f"BAD-{number}"})
        send(node.port, of_nobody_else.instances(), encoder)
        sent[stack.study_uid] = name

    def found() -> dict[str, Study]:
        with readers(node.engine)() as session:
            rows = session.scalars(select(Study).where(Study.study_instance_uid.in_(sent))).all()
        return {
            sent[row.study_instance_uid]: row for row in rows if row.state in ("ignored", "done", "failed")
        }

    wait_until(lambda: len(found()) == len(sent), WAY_S)
    return found()


def send(port: int, instances: list[Dataset], encoder: Encoder) -> None:
    with Peer(port) as peer:
        for ds in instances:
            assert peer.store(encoder(ds), ds.SOPInstanceUID) == 0x0000
        peer.release()


@pytest.mark.parametrize(
    ("study", "state", "reason"),
    [
        ("head", "ignored", "HEAD"),
        ("localizer", "ignored", "LOCALIZER"),
        ("one slice", "ignored", "ONE_SLICE"),
        ("truncated", "ignored", ""),
        ("constant", "done", "CONSTANT_IMAGE"),
        ("not a number", "done", "NON_FINITE"),
    ],
)
def test_studies_that_cannot_be_analysed_say_why(
    verdicts: dict[str, Study], study: str, state: str, reason: str
) -> None:
    found = verdicts[study]
    assert found.state == state, found.reason
    assert found.reason
    assert reason in found.reason
