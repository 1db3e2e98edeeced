"""The one way through on a generated patient: every stage real, no network."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from pipelines.analyse import analyse, run
from pipelines.errors import InputError, ModelError
from pipelines.phantom import load_truth, write_patient
from pipelines.types import AnalysisRequest, Role

CLOCK = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
LEAST_DICE = {Role.CT: 0.8, Role.MR_SAG_T1: 0.75, Role.MR_SAG_T2: 0.75, Role.MR_AXIAL_T2: 0.6}


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    return write_patient(tmp_path_factory.mktemp("patient"), seed=1, small=True)


@pytest.fixture(scope="module")
def request_of(patient, tmp_path_factory):
    return AnalysisRequest(
        files=patient.files,
        out_dir=tmp_path_factory.mktemp("out"),
        clock=CLOCK,
        clinical=patient.clinical,
        cache_dir=tmp_path_factory.mktemp("cache"),
        device="cpu",
    )


@pytest.fixture(scope="module")
def progress():
    return []


@pytest.fixture(scope="module")
def outcome(request_of, progress):
    return run(request_of, lambda stage, fraction: progress.append((stage, fraction)))


@pytest.fixture(scope="module")
def again(request_of, outcome):
    """The analysis itself, from the cache that `outcome` filled."""
    return analyse(request_of)


def test_every_role_is_filled(outcome):
    assert outcome.status == "analysed"
    roles = {s["role"] for s in outcome.summary["series"]}
    assert roles == {"ct", "mr_sag_t1", "mr_sag_t2", "mr_axial_t2"}


def test_progress_rises_to_one(outcome, progress):
    fractions = [fraction for _, fraction in progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {"ct: segmentation", "mr_axial_t2: radiomics"} <= {stage for stage, _ in progress}


@pytest.mark.parametrize("role", LEAST_DICE)
def test_structures_lie_on_the_truth(again, patient, role):
    found = again.analyses[role].segmentation
    truth = load_truth(patient.truth[role]).masks()
    values = {name: value for value, name in found.structures.items()}
    names = [name for name in values if name in truth and "quadratus" not in name]
    dice = [_dice(found.labels == values[name], truth[name]) for name in names]
    assert len(names) >= 5
    assert np.mean(dice) >= LEAST_DICE[role], dict(zip(names, dice, strict=True))


def _dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_levels_are_named(again):
    for role in (Role.CT, Role.MR_SAG_T1, Role.MR_SAG_T2):
        assert again.analyses[role].segmentation.levels_determined


def test_features_and_measurements_are_there(again):
    ct = again.analyses[Role.CT]
    radiomics = [f for f in ct.features if f.kind == "radiomics" and f.structure == "L3 vertebra"]
    assert {f.profile for f in radiomics} == {"hu@1", "paper@1"}
    assert all(len(f.values) == 851 for f in radiomics)
    assert [len(f.values) > 100 for f in ct.features if f.kind == "deep"] == [True] * 5
    names = {m.name for a in again.analyses.values() for m in a.measurements}
    assert {"volume", "mean_hu", "mean_signal", "disc_height", "fat_fraction"} <= names


def test_both_risks_are_given_and_marked_as_demonstration(outcome):
    predictions = {p["target"]: p for p in outcome.summary["predictions"]}
    assert set(predictions) == {"asdeg", "pain"}
    for prediction in predictions.values():
        assert prediction["status"] == "evaluated", prediction["reasons"]
        assert prediction["demonstration"]
        assert 0 < prediction["probability"] < 1


def test_one_seg_and_one_measurement_sr_per_series_and_one_risk_sr(outcome):
    kinds = [r.kind for r in outcome.results]
    assert {k: kinds.count(k) for k in kinds} == {"seg": 4, "measurement_sr": 4, "risk_sr": 1}
    assert all(r.path.is_file() for r in outcome.results)
    assert json.loads(outcome.summary_path.read_text()) == outcome.summary


def test_a_second_run_gives_the_same_bytes(request_of, outcome, tmp_path):
    second = run(replace(request_of, out_dir=tmp_path))
    first = {r.path.name: r.path.read_bytes() for r in outcome.results}
    assert {r.path.name: r.path.read_bytes() for r in second.results} == first


def test_a_ct_alone_is_measured_and_not_evaluable(request_of, patient, tmp_path):
    files = tuple(sorted(patient.ct_dir.rglob("*.dcm")))
    alone = run(replace(request_of, files=files, out_dir=tmp_path))
    assert [r.kind for r in alone.results] == ["seg", "measurement_sr", "risk_sr"]
    for prediction in alone.summary["predictions"]:
        assert prediction["status"] == "not_evaluable"
        assert prediction["probability"] is None
        assert prediction["reasons"]


def test_missing_clinical_variables_are_named(request_of, tmp_path):
    outcome = run(replace(request_of, clinical=None, out_dir=tmp_path))
    asdeg = outcome.summary["predictions"][0]
    assert asdeg["status"] == "not_evaluable"
    assert "osteoporosis" in json.dumps(asdeg["reasons"])


def test_a_wrong_clinical_value_is_named_before_anything_is_computed(request_of, tmp_path):
    with pytest.raises(InputError, match="bmi"):
        run(replace(request_of, clinical={"bmi": 900}, out_dir=tmp_path))


def test_nothing_usable_is_not_applicable_with_reasons(request_of, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not DICOM")
    outcome = run(replace(request_of, files=(text,), out_dir=tmp_path / "out"))
    assert outcome.status == "not_applicable"
    assert [r.code for r in outcome.reasons] == ["NOT_DICOM"]
    assert json.loads(outcome.summary_path.read_text())["rejected"][0]["path"].endswith("notes.txt")


def test_files_of_two_patients_are_refused(request_of, patient, tmp_path):
    ct = tuple(sorted(patient.ct_dir.rglob("*.dcm")))
    stranger = dcmread(ct[0])
    stranger.PatientID, stranger.SOPInstanceUID, stranger.SeriesInstanceUID = "OTHER", "1.2.3.4", "1.2.3.5"
    stranger.file_meta.MediaStorageSOPInstanceUID = stranger.SOPInstanceUID
    stranger.save_as(tmp_path / "stranger.dcm")
    with pytest.raises(InputError, match="2 different Patient IDs") as caught:
        run(replace(request_of, files=(*ct, tmp_path / "stranger.dcm"), out_dir=tmp_path / "out"))
    assert caught.value.code == "MIXED_PATIENTS"
    assert "OTHER" not in str(caught.value)


def test_a_device_that_is_not_there_is_named(request_of, tmp_path):
    with pytest.raises(ModelError, match="cuda:99"):
        run(replace(request_of, device="cuda:99", out_dir=tmp_path / "out"))


def test_a_localizer_alone_is_not_applicable(request_of, patient, tmp_path):
    one = tuple(sorted(Path(patient.ct_dir).rglob("*.dcm")))[:1]
    outcome = run(replace(request_of, files=one, out_dir=tmp_path))
    assert outcome.status == "not_applicable"
    assert [r.code for r in outcome.reasons] == ["ONE_SLICE"]
    assert outcome.results == ()
    assert outcome.summary_path.is_file()


def test_a_study_that_adds_nothing_gets_no_report(request_of, patient, tmp_path):
    """A scout of another day comes after the CT: the CT was reported when it came."""
    ct = tuple(sorted(patient.ct_dir.rglob("*.dcm")))
    scout = dcmread(ct[0])
    scout.StudyInstanceUID, scout.SeriesInstanceUID, scout.SOPInstanceUID = "1.2.3", "1.2.3.1", "1.2.3.1.1"
    scout.file_meta.MediaStorageSOPInstanceUID = scout.SOPInstanceUID
    scout.save_as(tmp_path / "scout.dcm")
    files = (*ct, tmp_path / "scout.dcm")
    outcome = run(replace(request_of, files=files, completing_study_uid="1.2.3", out_dir=tmp_path / "out"))
    assert outcome.status == "not_applicable"
    assert [r.code for r in outcome.reasons] == ["ONE_SLICE"]
