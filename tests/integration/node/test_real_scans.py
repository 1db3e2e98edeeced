"""Real scans, a GE CT and a Toshiba axial T2, from a modality over Orthanc and the node back to Orthanc.

One way through for all tests of this module: it takes the networks half a minute or more.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from integration.routed import behind_orthanc, dciodvfy_errors, push, result_uids, through
from numpy.typing import NDArray
from orthanc_server import Orthanc
from phantoms.readback import coded, texts, voxels_of_seg
from pydicom import Dataset, dcmread

from node.serve import Node

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk, pytest.mark.real]

WAY_S = 540.0
CT, AXIAL_T2 = "tcia_crlm_ct_1006", "tcia_cmb_mr_t2_scan001"
MUSCLES = ("multifidus", "erector spinae", "psoas major", "quadratus lumborum")


@dataclass(frozen=True)
class Scan:
    """What was pushed, and what Orthanc holds of its study afterwards."""

    sources: tuple[Dataset, ...]
    seg: Dataset
    measurements: Dataset
    risk: Dataset

    @property
    def results(self) -> tuple[Dataset, ...]:
        return self.seg, self.measurements, self.risk


@pytest.fixture(scope="module")
def folders(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scans as they were published."""
    unpacked = {}
    for name in (CT, AXIAL_T2):
        unpacked[name] = tmp_path_factory.mktemp(name)
        with tarfile.open(shared_data / "dicom" / f"{name}.tar.xz") as archive:
            images = [member for member in archive if member.name.endswith(".dcm")]
            archive.extractall(unpacked[name], images, filter="data")
    return unpacked


@pytest.fixture(scope="module")
def node(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with Node(behind_orthanc(tmp_path_factory.mktemp("node"))) as node:
        yield node


@pytest.fixture(scope="module")
def scans(node: Node, orthanc: Orthanc, folders: dict[str, Path]) -> dict[str, Scan]:
    """Push both with storescu, wait until the node has delivered, and ask Orthanc for the results."""
    push(*folders.values())
    orthanc.wait_for(lambda _: through(node, 2), WAY_S, "both scans at the end of their way")
    return {name: fetched(orthanc, folder) for name, folder in folders.items()}


@pytest.fixture(params=[CT, AXIAL_T2])
def scan(request: pytest.FixtureRequest, scans: dict[str, Scan]) -> Scan:
    return scans[request.param]


def fetched(orthanc: Orthanc, folder: Path) -> Scan:
    sources = tuple(dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm")))
    study = str(sources[0].StudyInstanceUID)
    (seg,) = orthanc.instances(StudyInstanceUID=study, Modality="SEG")
    reports = orthanc.instances(StudyInstanceUID=study, Modality="SR")
    measurements, risk = sorted(reports, key=lambda report: -int(report.SeriesNumber))
    return Scan(sources, seg, measurements, risk)


def labels(scan: Scan) -> list[str]:
    return [str(segment.SegmentLabel) for segment in scan.seg.SegmentSequence]


def centres(scan: Scan) -> dict[str, NDArray[np.float64]]:
    """Mean place of each segment, LPS mm."""
    return {label: np.mean(list(places), axis=0) for label, places in voxels_of_seg(scan.seg).items()}


def test_orthanc_holds_a_seg_a_measurement_sr_and_a_risk_sr_of_each(
    scans: dict[str, Scan], node: Node, orthanc: Orthanc
) -> None:
    there = [*orthanc.instances(Modality="SEG"), *orthanc.instances(Modality="SR")]
    assert len(there) == 6
    assert {found.SOPInstanceUID for found in there} == result_uids(node)


def test_results_belong_to_the_patient_study_and_series_they_come_from(scan: Scan) -> None:
    source = scan.sources[0]
    for result in scan.results:
        assert result.PatientID == source.PatientID
        assert result.StudyInstanceUID == source.StudyInstanceUID
    numbers = [int(result.SeriesNumber) - 1000 * int(source.SeriesNumber) for result in scan.results]
    assert numbers == [901, 950, 940]


def test_the_seg_refers_to_source_slices_and_lies_among_them(scan: Scan) -> None:
    (series,) = scan.seg.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == scan.sources[0].SeriesInstanceUID
    assert scan.seg.FrameOfReferenceUID == scan.sources[0].FrameOfReferenceUID
    known = {source.SOPInstanceUID for source in scan.sources}
    assert {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence} <= known
    heights = {round(float(source.ImagePositionPatient[2]), 3) for source in scan.sources}
    for label, places in voxels_of_seg(scan.seg).items():
        assert {round(z, 3) for _, _, z in places} <= heights, label


def test_levels_of_a_ct_without_sacrum_are_not_determined(scans: dict[str, Scan]) -> None:
    found = labels(scans[CT])
    lowest, *others = found
    assert lowest == "vertebra 1 (level not determined, incomplete)"  # the scan begins within it
    assert others == [f"vertebra {n} (level not determined)" for n in range(2, len(found) + 1)]
    assert len(found) >= 5
    heights = [centre[2] for centre in centres(scans[CT]).values()]
    assert heights == sorted(heights)  # counted from below


def test_the_axial_scan_has_eight_muscles_each_on_its_side(scans: dict[str, Scan]) -> None:
    assert set(labels(scans[AXIAL_T2])) == {
        f"{side} {name}" for side in ("left", "right") for name in MUSCLES
    }
    centre = centres(scans[AXIAL_T2])
    for name in MUSCLES:
        assert centre[f"left {name}"][0] > centre[f"right {name}"][0] + 20  # x of LPS rises to the left


def test_asdeg_is_not_evaluable_and_says_why(scan: Scan, scans: dict[str, Scan]) -> None:
    said = coded(scan.risk)
    reasons = {value for name, value in said if name == "Reason why not evaluable"}
    assert {value for name, value in said if name == "Evaluation status"} == {"Not evaluable"}
    assert {"SERIES_MISSING", "CLINICAL_MISSING"} <= reasons
    assert ("LEVEL_UNKNOWN" in reasons) == (scan is scans[CT])
    assert any("not evaluable" in text for text in texts(scan.risk))


@pytest.mark.validators
def test_orthanc_gives_valid_objects(scan: Scan, tmp_path: Path) -> None:
    for result in scan.results:
        assert dciodvfy_errors(result, tmp_path) == [], result.SeriesNumber
