import logging

import numpy as np
import pytest

from pipelines.features.radiomics import PAPER, extract_series
from pipelines.types import Role

STRUCTURES = {
    3: "L4 vertebral body",
    4: "L4-L5 disc",
    5: "L5 vertebral body",
    9: "spinal canal",
    10: "sacrum",
}


@pytest.fixture
def sagittal(segment):
    rng = np.random.default_rng(0)
    voxels = rng.normal(300, 40, (7, 30, 30))
    labels = np.zeros(voxels.shape, np.uint8)
    labels[1:6, 3:11, 8:18] = 3
    labels[1:6, 12:16, 8:18] = 4
    labels[3, 18:20, 8] = 5
    labels[2:5, 3:25, 20:23] = 9
    labels[1:6, 25:30, 8:18] = 10
    return segment(voxels, labels, STRUCTURES)


def test_every_structure_has_features_or_a_reason(sagittal):
    body, disc, line = extract_series(sagittal, "paper")
    assert (body.structure, disc.structure, line.structure) == tuple(STRUCTURES.values())[:3]
    assert {v.role for v in (body, disc, line)} == {Role.MR_SAG_T2}
    assert {v.profile for v in (body, disc, line)} == {"paper@1"}
    assert body.digest == PAPER.digest
    assert len(body.values) == len(disc.values) == 851
    assert line.reason.code == "ROI_LINE"
    assert not line.values


def test_values_do_not_depend_on_jobs_and_nothing_is_printed(sagittal, capfd):
    level = logging.getLogger().level
    assert extract_series(sagittal, "paper", jobs=2) == extract_series(sagittal, "paper")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert logging.getLogger().level == level


def test_a_constant_series_gives_a_reason_for_each_structure(segment, sagittal):
    flat = segment(np.full(sagittal.labels.shape, 7.0), sagittal.labels, STRUCTURES)
    assert [v.reason.code for v in extract_series(flat, "paper")] == ["ROI_CONSTANT"] * 3


def test_one_nan_takes_one_structure(segment, sagittal):
    voxels = sagittal.volume.voxels.copy()
    voxels[3, 20, 8] = np.nan
    voxels[3, 6, 12] = np.nan
    body, disc, _ = extract_series(segment(voxels, sagittal.labels, STRUCTURES), "paper")
    assert body.reason.code == "ROI_NOT_FINITE"
    assert disc.reason is None


def test_volume_is_exact_on_a_sheared_grid(segment, sagittal):
    tilt = np.radians(18.5)
    affine = np.eye(4)
    affine[:3, 0] = [0, 4 * np.tan(tilt), 4]  # slices 4 mm apart, each shifted along its rows
    affine[:3, 1], affine[:3, 2] = [0, 1, 0], [1, 0, 0]
    sheared = segment(sagittal.volume.voxels, sagittal.labels, STRUCTURES, affine)
    profile = {"binWidth": 25}
    body = extract_series(sheared, profile)[0].values
    assert body["original_shape_VoxelVolume"] == pytest.approx(5 * 8 * 10 * 4.0)


@pytest.mark.parametrize(("engine", "code"), [("lumbar", "ROI_EMPTY"), ("pyradiomics", "ENGINE_FAILED")])
def test_what_an_engine_refuses_is_an_outcome(sagittal, engine, code):
    vectors = extract_series(sagittal, {"resegmentRange": (9000, 9001), "engine": engine})
    assert [v.reason.code for v in vectors] == [code, code, "ROI_LINE"]
