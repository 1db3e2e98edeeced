"""A generated patient as DICOM: two studies of one anatomy, valid, the same every time."""

import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from models.signatures.clinical import DIAGNOSES
from pipelines.clinical import read_clinical
from pipelines.dicom.read import read_series
from pipelines.dicom.volume import load_volume
from pipelines.phantom import PhantomPatient, load_truth, write_patient
from pipelines.phantom.person import draw_person
from pipelines.types import Role, Volume

ROLES = (Role.CT, Role.MR_SAG_T1, Role.MR_SAG_T2, Role.MR_AXIAL_T2)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> PhantomPatient:
    return write_patient(tmp_path_factory.mktemp("phantom"), 3, small=True)


@pytest.fixture(scope="module")
def volumes(patient: PhantomPatient) -> dict[Role, Volume]:
    series, rejected = read_series(patient.files)
    assert not rejected
    roles = {uid: role for role, uid in patient.series_uids.items()}
    return {roles[s.series_uid]: load_volume(s, roles[s.series_uid]) for s in series}


def test_four_series_in_two_studies_of_one_patient(patient: PhantomPatient) -> None:
    headers = [dcmread(path, stop_before_pixels=True) for path in patient.files]
    assert {h.PatientID for h in headers} == {"PHANTOM-0001"}
    assert {h.ImageComments for h in headers} == {"GENERATED ANATOMY, NOT A PATIENT"}
    assert len({h.SOPInstanceUID for h in headers}) == len(headers) == 108 + 16 + 16 + 28
    studies = {h.Modality: h.StudyInstanceUID for h in headers}
    assert set(studies) == {"CT", "MR"}
    assert len(set(studies.values())) == len({h.FrameOfReferenceUID for h in headers}) == 2
    assert {h.SeriesInstanceUID for h in headers} == set(patient.series_uids.values())
    assert tuple(patient.series_uids) == ROLES


def test_volumes_lie_where_the_truth_lies(patient: PhantomPatient, volumes: dict[Role, Volume]) -> None:
    for role in ROLES:
        truth, volume = load_truth(patient.truth[role]), volumes[role]
        assert volume.voxels.shape == truth.labels.shape
        np.testing.assert_allclose(volume.affine, truth.affine, atol=1e-6)
        assert not volume.warnings


def test_truth_names_every_structure(patient: PhantomPatient) -> None:
    names = {role: set(load_truth(patient.truth[role]).names.values()) for role in ROLES}
    lumbar = [f"L{n}" for n in range(1, 6)]
    assert {"sacrum", *(f"{level} vertebra" for level in lumbar)} <= names[Role.CT]
    discs = {"L1-L2 disc", "L2-L3 disc", "L3-L4 disc", "L4-L5 disc", "L5-S1 disc"}
    bodies = {f"{level} vertebral body" for level in lumbar}
    for role in (Role.MR_SAG_T1, Role.MR_SAG_T2):
        assert discs | bodies | {"sacrum", "spinal canal"} <= names[role]
    muscles = ("multifidus", "erector spinae", "psoas major", "quadratus lumborum")
    assert names[Role.MR_AXIAL_T2] == {f"{side} {m}" for side in ("left", "right") for m in muscles}


def _centre(volume: Volume, mask: np.ndarray) -> np.ndarray:
    return volume.affine[:3] @ [*np.argwhere(mask).mean(axis=0), 1]


def test_series_show_the_same_anatomy_in_the_same_place(
    patient: PhantomPatient, volumes: dict[Role, Volume]
) -> None:
    bodies = [load_truth(patient.truth[role]).masks() for role in (Role.MR_SAG_T1, Role.MR_SAG_T2)]
    for name in bodies[0]:
        first = _centre(volumes[Role.MR_SAG_T1], bodies[0][name])
        np.testing.assert_allclose(first, _centre(volumes[Role.MR_SAG_T2], bodies[1][name]), atol=0.1)
    vertebra = _centre(volumes[Role.CT], load_truth(patient.truth[Role.CT]).masks()["L3 vertebra"])
    body = _centre(volumes[Role.MR_SAG_T2], bodies[1]["L3 vertebral body"])
    assert abs(vertebra - body)[[0, 2]].max() < 6
    assert 5 < vertebra[1] - body[1] < 35  # the posterior elements draw the vertebra's centre backward


def test_left_is_left_and_up_is_up(patient: PhantomPatient, volumes: dict[Role, Volume]) -> None:
    masks, volume = load_truth(patient.truth[Role.MR_AXIAL_T2]).masks(), volumes[Role.MR_AXIAL_T2]
    for muscle in ("multifidus", "erector spinae", "psoas major", "quadratus lumborum"):
        left, right = (_centre(volume, masks[f"{side} {muscle}"])[0] for side in ("left", "right"))
        assert left > right + 10, muscle
    masks, volume = load_truth(patient.truth[Role.MR_SAG_T2]).masks(), volumes[Role.MR_SAG_T2]
    heights = [_centre(volume, masks[f"L{n} vertebral body"])[2] for n in range(1, 6)]
    assert heights == sorted(heights, reverse=True)
    assert _centre(volume, masks["sacrum"])[2] < heights[-1]


def test_bone_is_bright_on_ct_and_liquor_on_t2(patient: PhantomPatient, volumes: dict[Role, Volume]) -> None:
    ct = volumes[Role.CT].voxels
    assert ct.min() >= -1024
    assert ct[load_truth(patient.truth[Role.CT]).masks()["L3 vertebra"]].mean() > 120
    canal = load_truth(patient.truth[Role.MR_SAG_T2]).masks()["spinal canal"]
    body = load_truth(patient.truth[Role.MR_SAG_T2]).masks()["L3 vertebral body"]
    t2 = volumes[Role.MR_SAG_T2].voxels
    assert t2[canal].mean() > t2[body].mean()


def test_headers_agree_with_the_clinical_file(patient: PhantomPatient) -> None:
    clinical = read_clinical(patient.ct_dir.parent / "clinical.json")
    assert clinical == patient.clinical
    header = dcmread(patient.files[0], stop_before_pixels=True)
    assert header.PatientSex == clinical["sex"]
    assert int(header.PatientAge[:3]) == clinical["age"]
    assert round(float(header.PatientWeight) / float(header.PatientSize) ** 2, 1) == clinical["bmi"]
    assert clinical["diagnosis"] in DIAGNOSES
    assert len(clinical["fused_levels"]) == clinical["segments"]


@pytest.mark.parametrize("seed", range(8))
def test_every_persons_clinical_file_is_accepted(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "clinical.json"
    path.write_text(json.dumps(draw_person(seed, "X").clinical()))
    assert read_clinical(path)["segments"] in (1, 2)


def test_written_twice_byte_for_byte_the_same(patient: PhantomPatient, tmp_path: Path) -> None:
    again = write_patient(tmp_path / "again", 3, small=True, truth=False)
    assert not again.truth
    assert [_digest(path) for path in again.files] == [_digest(path) for path in patient.files]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.validators
def test_a_validator_finds_no_error(patient: PhantomPatient) -> None:
    for folder in (patient.ct_dir, *sorted(patient.mr_dir.iterdir())):
        path = min(folder.glob("*.dcm"))
        report = subprocess.run(
            ["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False
        ).stderr
        assert "Error" not in report, f"{path}: {report}"
        assert ("CTImage" if folder == patient.ct_dir else "MRImage") in report
