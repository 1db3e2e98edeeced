import numpy as np
import pytest

from pipelines.errors import FeatureError
from pipelines.features.fat import measure, measure_dixon
from pipelines.features.mixture import fit_mixture, otsu
from pipelines.types import Role

STRUCTURES = {1: "left multifidus", 2: "right multifidus", 3: "left erector spinae", 4: "left psoas major"}
TRUE = {1: 0.25, 2: 0.10, 3: 0.40, 4: 0.0}
MUSCLE, FAT = 100.0, 320.0


def labels_and_share():
    """Make muscles in subcutaneous fat, with fat lobules of 4 x 4 pixels in them."""
    rng = np.random.default_rng(4)
    labels = np.zeros((5, 96, 96), np.uint8)
    labels[:, 40:60, 52:76] = 1
    labels[:, 40:60, 20:44] = 2
    labels[:, 62:82, 52:76] = 3
    labels[:, 10:30, 52:76] = 4
    lobules = np.kron(rng.random((5, 24, 24)), np.ones((1, 4, 4)))
    share = np.where(labels == 0, 0.05, 0.0)
    share[:, 84:] = 1.0
    for label, true in TRUE.items():
        inside = labels == label
        share[inside] = lobules[inside] <= np.quantile(lobules[inside], true)
    return labels, share


def fractions(measurements):
    return {(m.structure, m.name): m.value for m in measurements}


@pytest.fixture
def axial(segment):
    labels, share = labels_and_share()
    rng = np.random.default_rng(1)
    signal = MUSCLE + share * (FAT - MUSCLE) + rng.normal(0, 10, share.shape)
    return segment(signal, labels, STRUCTURES, np.diag([5.0, 0.8, 0.8, 1.0]), Role.MR_AXIAL_T2)


def test_mixture_and_otsu_find_the_true_fraction(axial):
    got = fractions(measure(axial))
    for label in (1, 2, 3):
        assert got[STRUCTURES[label], "fat_fraction"] == pytest.approx(100 * TRUE[label], abs=2)
        assert got[STRUCTURES[label], "fat_fraction_otsu"] == pytest.approx(100 * TRUE[label], abs=1)
    assert got["left multifidus", "compartment_fat_fraction"] == pytest.approx(32.5, abs=2)
    assert got["right multifidus", "compartment_fat_fraction"] == got["right multifidus", "fat_fraction"]
    assert not [structure for structure, _ in got if "psoas" in structure]
    assert {m.method for m in measure(axial)} == {"gaussian-mixture-3", "otsu"}
    assert {m.unit for m in measure(axial)} == {"%"}


def test_the_same_image_gives_the_same_numbers(axial):
    assert measure(axial) == measure(axial)


def test_a_muscle_without_fat_is_measured_against_the_fat_beside_it(segment, axial):
    labels = np.where(np.isin(axial.labels, (1, 3)), axial.labels, 0)
    noise = np.random.default_rng(2).normal(0, 10, labels.shape)
    signal = np.where(labels > 0, MUSCLE, FAT) + noise
    lean = segment(signal, labels, STRUCTURES, axial.volume.affine, Role.MR_AXIAL_T1)
    assert fractions(measure(lean))["left multifidus", "fat_fraction"] < 2


@pytest.mark.parametrize("role", [Role.MR_AXIAL, Role.MR_AXIAL_DIXON_WATER, Role.MR_SAG_T2])
def test_no_brightness_model_where_fat_may_be_dark(segment, axial, role):
    assert measure(segment(axial.volume.voxels, axial.labels, STRUCTURES, axial.volume.affine, role)) == ()


def test_nothing_without_contrast_or_voxels(segment, axial):
    noise = np.random.default_rng(3).normal(100, 5, axial.labels.shape)
    assert measure(segment(noise, axial.labels, STRUCTURES, np.eye(4), Role.MR_AXIAL_T2)) == ()
    assert measure(segment(noise * 0, axial.labels, STRUCTURES, np.eye(4), Role.MR_AXIAL_T2)) == ()
    tiny = np.where(np.arange(96) < 53, axial.labels, 0) * (np.arange(96) < 41)[:, None]
    tiny[tiny == 2] = 0
    assert measure(segment(noise, tiny, {1: "left multifidus"}, np.eye(4), Role.MR_AXIAL_T2)) == ()


def test_dixon_is_fat_over_fat_and_water(segment):
    labels, share = labels_and_share()
    water = segment(400 * (1 - share), labels, STRUCTURES, role=Role.MR_AXIAL_DIXON_WATER)
    fat = segment(400 * share, labels, STRUCTURES, role=Role.MR_AXIAL_DIXON_FAT)
    got = fractions(measure_dixon(water, water.volume, fat.volume))
    assert got["left multifidus", "fat_fraction_dixon"] == pytest.approx(25, abs=1)
    assert got["left multifidus", "compartment_fat_fraction_dixon"] == pytest.approx(32.5, abs=1)


def test_dixon_needs_one_grid(segment, axial):
    fewer = segment(np.zeros((4, 96, 96)), np.zeros((4, 96, 96)), {}, axial.volume.affine)
    moved = axial.volume.affine.copy()
    moved[2, 3] = 2.0
    elsewhere = segment(axial.volume.voxels, axial.labels, {}, moved)
    for other in (fewer, elsewhere):
        with pytest.raises(FeatureError, match="one grid") as caught:
            measure_dixon(axial, axial.volume, other.volume)
        assert caught.value.code == "GRID_MISMATCH"


def test_mixed_voxels_count_by_their_signal():
    rng = np.random.default_rng(0)
    parts = [rng.normal(100, 8, 6000), rng.normal(200, 8, 2000), rng.normal(300, 8, 2000)]
    share = fit_mixture(np.concatenate(parts))
    assert share(np.array([20.0, 100.0, 200.0, 300.0, 900.0])) == pytest.approx([0, 0, 0.5, 1, 1], abs=0.02)


def test_otsu_lies_between_two_classes():
    rng = np.random.default_rng(0)
    assert 130 < otsu(np.concatenate([rng.normal(100, 8, 900), rng.normal(300, 8, 100)])) < 270
