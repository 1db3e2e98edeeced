import numpy as np
import pytest

from pipelines.features.morphometry import measure
from pipelines.types import Role

SAGITTAL = np.array(  # slices run from right to left, rows downward, columns backward; LPS
    [[4.4, 0, 0, -40], [0, 0, 0.8, -30], [0, -0.8, 0, 60], [0, 0, 0, 1.0]]
)


def lps_of(affine, shape):
    index = np.indices(shape).reshape(3, -1)
    return (affine[:3, :3] @ index + affine[:3, 3:]).reshape(3, *shape)


def rotated(degrees):
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn


def found(segmentation):
    return {(m.structure, m.name): m for m in measure(segmentation)}


def spine(segment, tilt=7.0, affine=SAGITTAL):
    """Make two bodies 26 mm high and the disc between, 9 mm at the front and 7 mm at the back."""
    shape = (19, 150, 90)
    x, y, z = lps_of(rotated(-tilt) @ affine, shape)  # the patient lies tilted: no surface along the grid
    footprint = (np.abs(x) <= 22) & (np.abs(y) <= 17)
    half = 4 - y / 34  # y grows backward
    disc = footprint & (np.abs(z) <= half)
    above = footprint & (z > half) & (z <= half + 26)
    below = footprint & (z < -half) & (z >= -half - 26)
    labels = np.select([disc, above, below], [4, 3, 5]).astype(np.uint8)
    names = {3: "L4 vertebral body", 4: "L4-L5 disc", 5: "L5 vertebral body"}
    return segment(np.full(shape, 100.0), labels, names, affine)


@pytest.mark.parametrize("tilt", [7.0, 25.0])
def test_heights_along_the_normal(segment, tilt):
    got = found(spine(segment, tilt))
    heights = {band: got["L4-L5 disc", f"disc_height_{band}"].value for band in ("anterior", "posterior")}
    assert heights["anterior"] == pytest.approx(8 + 2 * 0.6 / 2, abs=0.2)
    assert heights["posterior"] == pytest.approx(8 - 2 * 0.6 / 2, abs=0.2)
    assert got["L4-L5 disc", "disc_height"].value == pytest.approx(8, abs=0.15)
    assert got["L4-L5 disc", "disc_height_middle"].value == pytest.approx(8, abs=0.15)
    for body in ("L4 vertebral body", "L5 vertebral body"):
        assert got[body, "body_height"].value == pytest.approx(26, abs=0.2)


def test_heights_on_a_sheared_grid(segment):
    sheared = SAGITTAL.copy()
    sheared[1, 0] = 1.0  # each slice 1 mm further back
    assert found(spine(segment, affine=sheared))["L4-L5 disc", "disc_height"].value == pytest.approx(
        8, abs=0.3
    )


def test_a_disc_alone_and_in_one_slice(segment):
    whole = spine(segment)
    labels = np.where(whole.labels == 4, 4, 0)
    labels[np.arange(19) != 9] = 0
    alone = segment(whole.volume.voxels, labels, {4: "L4-L5 disc"}, SAGITTAL)
    assert found(alone)["L4-L5 disc", "disc_height"].value == pytest.approx(8, abs=0.15)


def test_volume_and_signal_on_a_sheared_grid(segment):
    affine = np.array([[0, 0, 0.7, 0], [1.5, 0.7, 0, 0], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    voxels = np.zeros((6, 20, 20))
    labels = np.zeros(voxels.shape, np.uint8)
    labels[1:5, 2:12, 3:13] = 1
    voxels[labels == 1] = np.tile([10.0, 30.0], 200)
    got = found(segment(voxels, labels, {1: "L1 vertebra", 2: "L2 vertebra"}, affine, Role.CT))
    assert got["L1 vertebra", "volume"].value == pytest.approx(400 * 0.7 * 0.7 * 5 / 1000)
    assert got["L1 vertebra", "volume"].unit == "cm3"
    assert got["L1 vertebra", "mean_hu"].value == pytest.approx(20)
    assert got["L1 vertebra", "sd_hu"].value == pytest.approx(10)
    assert got["L1 vertebra", "sd_hu"].unit == "[hnsf'U]"
    assert not [key for key in got if key[0] == "L2 vertebra"]


def test_trabecular_hu_leaves_the_cortex_out(segment):
    labels = np.zeros((30, 40, 40), np.uint8)
    labels[5:25, 5:35, 5:35] = 1
    core = np.zeros(labels.shape, bool)
    core[8:22, 8:32, 8:32] = True
    voxels = np.where(core, 150.0, 700.0)
    got = found(segment(voxels, labels, {1: "L1 vertebra"}, np.eye(4), Role.CT))
    assert got["L1 vertebra", "mean_hu_trabecular"].value == pytest.approx(150)
    assert got["L1 vertebra", "mean_hu"].value > 200


def test_largest_cross_section(segment):
    labels = np.zeros((4, 30, 30), np.uint8)
    labels[0, :10, :10] = 1
    labels[2, :20, :10] = 1
    affine = np.diag([5.0, 0.5, 0.5, 1.0])
    got = found(segment(np.ones(labels.shape), labels, {1: "left multifidus"}, affine, Role.MR_AXIAL_T2))
    assert got["left multifidus", "cross_section_area"].value == pytest.approx(200 * 0.25 / 100)
    assert got["left multifidus", "cross_section_area"].unit == "cm2"
    assert got["left multifidus", "mean_signal"].value == 1
