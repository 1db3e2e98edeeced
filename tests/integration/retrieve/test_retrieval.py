"""A CT comes alone, its MR lies in the PACS: it is fetched, once, and nothing else is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import orthanc_server
import pytest
from integration.routed import behind_orthanc
from integration.serving import ends, events, jobs, send, until
from orthanc_server import Orthanc
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless
from sqlalchemy import select
from workers.images import image

from node.db import Instance, Result, Retrieval, Series, Study
from node.dispatcher import retry
from node.engine import readers, sessions
from node.serve import Node

pytestmark = pytest.mark.orthanc

Start = Callable[..., Node]
Archive = Callable[..., str]
HERE = {"host": "127.0.0.1", "ae_title": "ORTHANC", "port": orthanc_server.DICOM_PORT}
SOURCES: dict[str, dict[str, Any]] = {
    "c-get": {"name": "pacs", **HERE, "method": "c-get"},
    "c-move": {"name": "pacs", **HERE, "method": "c-move"},
    "dicomweb": {
        "name": "pacs",
        "kind": "dicomweb",
        "url": f"http://127.0.0.1:{orthanc_server.HTTP_PORT}/dicom-web",
    },
}
MR = {"modality": "MR", "day": "20260310"}


@pytest.fixture(params=sorted(SOURCES))
def source(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each way of fetching."""
    return SOURCES[request.param]


@pytest.fixture
def start(orthanc: Orthanc, tmp_path: Path) -> Iterator[Start]:
    """Start a node that may ask sources; again, if it is called again."""
    with ExitStack() as stack:

        def run(*sources: dict[str, Any], function: str = "report", **retrieval: object) -> Node:
            stack.close()
            given = behind_orthanc(
                tmp_path / "node",
                completeness={"quiet_s": 0.5, "release_s": 0},
                worker={"retry_s": 0.1},
                retrieval={"sources": sources, "retry_s": 0.05, **retrieval},
                destinations=[],
                web={"enabled": False},
            )
            return stack.enter_context(Node(given, function=f"workers.analyses:{function}"))

        yield run


@pytest.fixture
def archive(orthanc: Orthanc, tmp_path: Path) -> Iterator[Archive]:
    """Put a study into Orthanc, and return its UID; Orthanc is emptied afterwards."""

    def put(uid: str, count: int = 2, syntax: str | None = None, **values: str) -> str:
        headers = {name: values.pop(name) for name in list(values) if name[0].isupper()}
        for number in range(1, count + 1):
            one = image(uid, number=number, **values)  # type: ignore[arg-type]
            for keyword, value in headers.items():
                setattr(one, keyword, value)
            if syntax is not None:
                one.compress(syntax)
            path = tmp_path / "one.dcm"
            one.save_as(path, enforce_file_format=True)
            orthanc.upload(path)
        return uid

    yield put
    for one in orthanc.get("/studies"):
        orthanc.http.delete(f"/studies/{one}").raise_for_status()


def needs(node: Node) -> dict[str, tuple[str, str, str | None]]:
    """Return modality, state and remark of each need, by the study that has it."""
    with readers(node.engine)() as session:
        query = select(Study.study_instance_uid, Retrieval).join(Study, Study.id == Retrieval.study_id)
        return {uid: (row.modality, row.state, row.error) for uid, row in session.execute(query)}


def settled(node: Node, uid: str) -> tuple[str, str, str | None]:
    """Wait until the need of a study is no longer open."""
    until(lambda: uid in needs(node) and needs(node)[uid][1] != "queued")
    return needs(node)[uid]


def known(node: Node) -> set[str]:
    """Return the StudyInstanceUIDs that are here."""
    with readers(node.engine)() as session:
        return set(session.scalars(select(Study.study_instance_uid)))


def stored(node: Node, uid: str) -> list[Dataset]:
    """Return the objects of a study as they lie here."""
    with readers(node.engine)() as session:
        query = select(Instance.path).join(Series).join(Study).where(Study.study_instance_uid == uid)
        paths = list(session.scalars(query.order_by(Instance.sop_instance_uid)))
    folder = node._settings.data_dir
    return [dcmread(BytesIO((folder / path).read_bytes())) for path in paths]


def uids(datasets: list[Dataset]) -> list[str]:
    """Return the SOP Instance UIDs of objects."""
    return [str(one.SOPInstanceUID) for one in datasets]


def fused(node: Node, uid: str) -> bool:
    """Whether the last risk report of a study is about two studies."""
    with readers(node.engine)() as session:
        query = select(Result).join(Study, Study.id == Result.study_id).filter(Result.kind == "risk_sr")
        found = session.scalars(query.where(Study.study_instance_uid == uid).order_by(Result.id)).all()
    return bool(found) and found[-1].summary["predictions"]["studies"] == 2


def test_the_nearest_plausible_study_is_fetched_and_completes_the_case(
    start: Start, archive: Archive, source: dict[str, Any]
) -> None:
    archive("1.2.80.1", 3, **MR, BodyPartExamined="LSPINE", SeriesDescription="t2")
    archive("1.2.80.2", modality="MR", day="20260420", BodyPartExamined="LSPINE")  # further away
    archive("1.2.80.3", modality="MR", day="20260301", BodyPartExamined="HEAD", SeriesDescription="brain")
    archive("1.2.80.4", **MR, patient_id="P12", BodyPartExamined="LSPINE")
    archive("1.2.80.5", modality="MR", day="20270101", BodyPartExamined="LSPINE")  # outside of the window
    node = start(source)
    send(node.port, image("1.2.79", patient_id="P1"))
    assert settled(node, "1.2.79") == ("MR", "retrieved", "3 instance(s) of 1 study(ies)")
    ends(node.engine, "1.2.80.1", "done")
    assert known(node) == {"1.2.79", "1.2.80.1"}
    assert uids(stored(node, "1.2.80.1")) == [f"1.2.80.1.1.{number}" for number in (1, 2, 3)]
    assert fused(node, "1.2.80.1")
    assert set(needs(node)) == {"1.2.79"}  # what was fetched asks for nothing
    assert events(node.engine, "1.2.79").count("retrieval_begun") == 1
    assert len(jobs(node.engine, "analyse")) == 2


def test_what_is_compressed_stays_as_it_is(start: Start, archive: Archive, source: dict[str, Any]) -> None:
    archive("1.2.82", syntax=RLELossless, **MR, SeriesDescription="T2 Lumbar spine")
    node = start(source)
    send(node.port, image("1.2.81"))
    assert settled(node, "1.2.81")[1] == "retrieved"
    ends(node.engine, "1.2.82", "done")
    assert {one.file_meta.TransferSyntaxUID for one in stored(node, "1.2.82")} == {RLELossless}


def test_an_mr_fetches_its_ct(start: Start, archive: Archive) -> None:
    archive("1.2.84", day="20260101", StudyDescription="CT LWS nativ")
    node = start(SOURCES["c-get"])
    send(node.port, image("1.2.83", modality="MR"))
    assert settled(node, "1.2.83")[:2] == ("CT", "retrieved")
    ends(node.engine, "1.2.84", "done")


def test_what_nobody_has_is_asked_for_once_until_a_person_says_so(start: Start, archive: Archive) -> None:
    archive("1.2.86", **MR, BodyPartExamined="HEAD", SeriesDescription="t1 brain")
    archive("1.2.87", 3, **MR, BodyPartExamined="LSPINE")
    node = start(SOURCES["c-get"], max_instances=2)
    send(node.port, image("1.2.85"))
    none = ("MR", "nothing", "no source has a study of the lumbar spine that would help")
    assert settled(node, "1.2.85") == none
    send(node.port, image("1.2.85", number=2))  # another version of the study, the same need
    until(lambda: events(node.engine, "1.2.85").count("analysed") == 2)
    assert needs(node) == {"1.2.85": none}
    assert events(node.engine, "1.2.85").count("retrieval_ended") == 1
    node = start(SOURCES["c-get"])
    ends(node.engine, "1.2.85", "done")
    with sessions(node.engine).begin() as session:
        retry(session, session.scalars(select(Study).filter_by(study_instance_uid="1.2.85")).one())
    until(lambda: needs(node)["1.2.85"][1] == "retrieved")
    assert known(node) == {"1.2.85", "1.2.87"}


def test_what_is_here_is_not_fetched(start: Start, archive: Archive) -> None:
    archive("1.2.89", 3, **MR, BodyPartExamined="LSPINE")
    node = start(SOURCES["c-get"])
    send(node.port, image("1.2.89", number=9, **MR))  # the case is complete when the CT is
    ends(node.engine, "1.2.89", "done")
    assert settled(node, "1.2.89") == (
        "CT",
        "nothing",
        "no source has a study of the lumbar spine that would help",
    )
    send(node.port, image("1.2.88"))
    ends(node.engine, "1.2.88", "done")
    assert set(needs(node)) == {"1.2.89"}
    assert len(stored(node, "1.2.89")) == 1


def test_a_study_that_nothing_applies_to_asks_nobody(start: Start, archive: Archive) -> None:
    archive("1.2.91", **MR, BodyPartExamined="LSPINE")
    node = start(SOURCES["c-get"], function="not_applicable")
    send(node.port, image("1.2.90"))
    ends(node.engine, "1.2.90", "ignored")
    send(node.port, image("1.2.92", patient_id="P2"))  # and by then it would have been asked
    ends(node.engine, "1.2.92", "ignored")
    assert {state for _, state, _ in needs(node).values()} == {"queued"}
    assert "retrieval_begun" not in events(node.engine, "1.2.90")


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_source_that_is_down_is_tried_again_and_given_up(start: Start, archive: Archive) -> None:
    archive("1.2.94", **MR, BodyPartExamined="LSPINE")
    down = [{**SOURCES["c-get"], "port": 1, "name": "down"}]
    node = start(*down, max_attempts=3)
    send(node.port, image("1.2.93"))
    text = "down: ORTHANC at 127.0.0.1:1 cannot be reached, or does not accept our association"
    assert settled(node, "1.2.93") == ("MR", "failed", text)
    ends(node.engine, "1.2.93", "done")  # it did not wait for it
    send(node.port, image("1.2.95", patient_id="P1", day="20260302"))
    until(lambda: "1.2.95" in needs(node))
    node = start(*down, SOURCES["dicomweb"])  # the next source has it
    assert settled(node, "1.2.95")[1] == "retrieved"


def test_only_those_who_are_named_are_asked(start: Start, archive: Archive) -> None:
    archive("1.2.97", **MR, BodyPartExamined="LSPINE")
    node = start({**SOURCES["c-get"], "senders": ["OTHER"]})
    send(node.port, image("1.2.96"))
    ends(node.engine, "1.2.96", "done")
    assert needs(node) == {}


def test_a_patient_id_that_a_query_would_widen_is_not_asked_for(start: Start, archive: Archive) -> None:
    archive("1.2.99", **MR, patient_id="PX", BodyPartExamined="LSPINE")
    node = start(SOURCES["c-get"])
    send(node.port, image("1.2.98", patient_id="P*"))
    text = "the PatientID has characters that a query would take for something else"
    assert settled(node, "1.2.98") == ("MR", "nothing", text)
    assert known(node) == {"1.2.98"}
