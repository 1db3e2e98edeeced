"""Pushed to Orthanc, routed to the node, analysed, delivered to Orthanc, fetched from it in every way.

One way through for all tests of this module: it takes the networks a minute or more.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import orthanc_server
import pytest
from integration.routed import behind_orthanc, dciodvfy_errors, dcmtk, push, through
from orthanc_server import Orthanc
from phantoms.slices import Stack, save
from pydicom import Dataset, dcmread
from pynetdicom import AE, AllStoragePresentationContexts, evt
from sqlalchemy import func, select

from node.db import Delivery, Event, Instance, Result, Study
from node.engine import readers
from node.serve import Node
from node.settings import Settings
from pipelines.phantom import PhantomPatient

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]

WAY_S = 540.0


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, clinical: Path) -> Settings:
    return behind_orthanc(tmp_path_factory.mktemp("node"), cases={"clinical_dir": clinical})


@pytest.fixture(scope="module")
def node(orthanc: Orthanc, settings: Settings) -> Iterator[Node]:
    with Node(settings) as node:
        yield node


@pytest.fixture(scope="module")
def way(node: Node, orthanc: Orthanc, patient: PhantomPatient) -> Path:
    """Push both studies to Orthanc with storescu and wait until the node has delivered."""
    push(patient.ct_dir, patient.mr_dir)
    orthanc.wait_for(lambda _: through(node, 2), WAY_S, "both studies at the end of their way")
    return Path()


@pytest.fixture
def results(way: Path, node: Node, settings: Settings) -> list[Dataset]:
    """What the node has written."""
    with readers(node.engine)() as session:
        return [dcmread(settings.data_dir / path) for path in session.scalars(select(Result.path))]


def equal(a: Dataset, b: Dataset) -> bool:
    """Compare everything but the file's own meta information, and the voxels as they are decoded."""
    if "PixelData" in a and not np.array_equal(a.pixel_array, b.pixel_array):
        return False
    return bool(a == b)


def test_both_studies_are_done_at_once_and_once(way: Path, node: Node) -> None:
    with readers(node.engine)() as session:
        studies = session.scalars(select(Study)).all()
        received = session.scalar(select(func.count(Instance.id)))
        delivered = set(session.scalars(select(Delivery.state)))
    assert [(study.state, study.revision) for study in studies] == [("done", 1), ("done", 1)]
    assert received == 168
    assert delivered == {"delivered"}


def test_orthanc_holds_a_seg_and_a_measurement_sr_per_series_and_risk_srs(
    results: list[Dataset], orthanc: Orthanc, patient: PhantomPatient
) -> None:
    there = {
        d.SOPInstanceUID: d for d in [*orthanc.instances(Modality="SEG"), *orthanc.instances(Modality="SR")]
    }
    assert set(there) == {result.SOPInstanceUID for result in results}
    numbers = sorted(int(d.SeriesNumber) % 1000 for d in there.values())
    analysed = numbers.count(901)
    assert analysed >= 3
    assert numbers.count(950) == analysed
    assert numbers.count(940) == 2  # the CT alone at first, then CT and MR together
    assert {d.PatientID for d in there.values()} == {"PHANTOM-0001"}
    assert len({d.StudyInstanceUID for d in there.values()}) == 2


def test_results_come_back_voxel_equal_by_dicomweb(results: list[Dataset], orthanc: Orthanc) -> None:
    for result in results:
        uids = (result.StudyInstanceUID, result.SeriesInstanceUID, result.SOPInstanceUID)
        assert equal(orthanc.wado_rs(*uids), result), uids


def test_results_come_back_voxel_equal_by_rest(results: list[Dataset], orthanc: Orthanc) -> None:
    for result in results:
        (found,) = orthanc.instances(SOPInstanceUID=result.SOPInstanceUID)
        assert equal(found, result), result.SOPInstanceUID


def test_results_come_back_voxel_equal_by_c_get(
    results: list[Dataset], orthanc: Orthanc, tmp_path: Path
) -> None:
    port = str(orthanc_server.DICOM_PORT)
    for number, result in enumerate(results):
        folder = tmp_path / str(number)
        folder.mkdir()
        command = [dcmtk("getscu"), "-S", "-aet", orthanc_server.READER_AET, "-aec", orthanc_server.AET]
        keys = [
            "QueryRetrieveLevel=SERIES",
            *(f"{k}={result[k].value}" for k in ("StudyInstanceUID", "SeriesInstanceUID")),
        ]
        options = [word for key in keys for word in ("-k", key)]
        done = subprocess.run(
            [*command, *options, "-od", str(folder), "127.0.0.1", port],
            capture_output=True,
            text=True,
            check=False,
        )
        (found,) = list(folder.iterdir()) or [pytest.fail(done.stderr)]
        assert equal(dcmread(found), result), result.SOPInstanceUID


def test_results_come_back_voxel_equal_by_c_move(
    results: list[Dataset], orthanc: Orthanc, tmp_path: Path
) -> None:
    reader = AE(orthanc_server.READER_AET)
    reader.supported_contexts = AllStoragePresentationContexts
    moved: dict[str, Dataset] = {}

    def keep(event: evt.Event) -> int:
        event.dataset.file_meta = event.file_meta
        moved[event.dataset.SOPInstanceUID] = event.dataset
        return 0x0000

    address = ("127.0.0.1", orthanc_server.READER_PORT)
    server = reader.start_server(address, block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    try:
        for study in {result.StudyInstanceUID for result in results}:
            keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]
            command = [dcmtk("movescu"), "-S", "-aet", orthanc_server.READER_AET, "-aec", orthanc_server.AET]
            subprocess.run(
                [
                    *command,
                    "-aem",
                    orthanc_server.READER_AET,
                    *keys,
                    "127.0.0.1",
                    str(orthanc_server.DICOM_PORT),
                ],
                check=True,
                capture_output=True,
            )
    finally:
        server.shutdown()
    assert all(equal(moved[result.SOPInstanceUID], result) for result in results)


def test_own_results_and_known_objects_that_come_in_change_nothing(
    results: list[Dataset], node: Node, orthanc: Orthanc, patient: PhantomPatient, tmp_path: Path
) -> None:
    """Orthanc routes the results back, and a modality sends the MR study again."""
    before = history(node)
    for modality in ("SEG", "SR"):
        body = {"Resources": orthanc.find("Instance", Modality=modality), "Synchronous": True}
        orthanc.http.post("/modalities/lumbar-node/store", json=body).raise_for_status()
    body = {"Resources": orthanc.find("Study", ModalitiesInStudy="MR"), "Synchronous": True}
    orthanc.http.post("/modalities/lumbar-node/store", json=body).raise_for_status()
    # what came in after them has been indexed, so they have been too
    last = Stack(slices=1, attributes={"PatientID": "LAST", "Modality": "CT"})
    save(last.instances(), tmp_path)
    push(tmp_path)
    orthanc.wait_for(lambda _: through(node, 3), 120, "the last study at the end of its way")
    assert history(node)[: len(before)] == before
    with readers(node.engine)() as session:
        studies = session.scalars(select(Study).order_by(Study.id)).all()
    assert [(s.state, s.revision) for s in studies] == [("done", 1), ("done", 1), ("ignored", 1)]
    assert "ONE_SLICE" in (studies[2].reason or "")
    assert {d.SOPInstanceUID for d in orthanc.instances(Modality="SEG")} <= {
        r.SOPInstanceUID for r in results
    }


def history(node: Node) -> list[tuple[int, str]]:
    with readers(node.engine)() as session:
        rows = session.execute(select(Event.study_id, Event.name).order_by(Event.id)).all()
    return [(study, name) for study, name in rows if study <= 2]


def test_the_page_shows_the_way(way: Path, node: Node) -> None:
    page = httpx.get(node.url, trust_env=False).text
    assert "delivered" in page
    assert "PHANTOM" not in page


@pytest.mark.validators
def test_orthanc_gives_valid_objects(results: list[Dataset], orthanc: Orthanc, tmp_path: Path) -> None:
    for modality in ("SEG", "SR"):
        for found in orthanc.instances(Modality=modality):
            assert dciodvfy_errors(found, tmp_path) == [], found.SeriesNumber
