"""Cutting a volume above a level: what is left lies where it lay."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK
from phantoms.evaluation import BODIES, segmented, spine, write_labels, write_scan

from pipelines.evaluation.cuts import cut, cut_points, on_whole
from pipelines.evaluation.reference import Reference, read_reference


@pytest.fixture
def scan(tmp_path):
    volume, row = write_scan(tmp_path)
    return volume, read_reference(row)


def flipped(volume):
    """The same volume with its rows and slices stored the other way round."""
    affine = volume.affine.copy()
    for axis in (0, 1):
        affine[:3, 3] += affine[:3, axis] * (volume.voxels.shape[axis] - 1)
        affine[:3, axis] *= -1
    return replace(volume, voxels=volume.voxels[::-1, ::-1], affine=affine)


def test_cuts_lie_on_top_of_the_bodies_and_in_s1(scan):
    volume, reference = scan
    points = cut_points(reference)
    assert list(points) == ["above L5", "above L4", "above L3", "through S1"]
    rows = {name: (np.linalg.inv(volume.affine) @ [*point, 1])[1] for name, point in points.items()}
    assert rows["above L5"] == pytest.approx(4 + 4 * 16 - 0.5)
    assert rows["above L3"] == pytest.approx(4 + 2 * 16 - 0.5)
    assert rows["through S1"] == pytest.approx(4 + 4 * 16 + 5.5 + 19)


@pytest.mark.parametrize("turn", [lambda volume: volume, flipped], ids=["as it is", "flipped"])
def test_nothing_of_the_level_is_left_and_the_rest_stays_in_place(turn, scan):
    volume, reference = turn(scan[0]), scan[1]
    part, kept = cut(volume, cut_points(reference)["above L4"])
    corner = [axis.start for axis in kept]
    np.testing.assert_allclose(part.affine @ [0, 0, 0, 1], volume.affine @ [*corner, 1])
    np.testing.assert_array_equal(part.voxels, volume.voxels[kept])
    truth = spine() if volume is scan[0] else spine()[::-1, ::-1]
    assert set(np.unique(truth[kept])) == {0, 1, 2, 3}


def test_labels_of_a_part_go_back_to_their_place(scan):
    volume, reference = scan
    part, kept = cut(volume, cut_points(reference)["above L5"])
    whole = on_whole(segmented(part, spine()[kept]), volume, kept)
    assert whole.labels.shape == volume.voxels.shape
    np.testing.assert_array_equal(whole.labels[kept], spine()[kept])
    assert whole.labels.sum() == spine()[kept].sum()


def test_axial_slices_are_dropped_with_their_sources(scan):
    volume, reference = scan
    turned = replace(
        volume,
        voxels=volume.voxels.transpose(1, 0, 2),
        affine=volume.affine[:, [1, 0, 2, 3]],
        sources=tuple(range(104)),
    )
    part, kept = cut(turned, cut_points(reference)["above L5"])
    assert part.sources == tuple(range(68))
    assert kept[0] == slice(0, 68)


def test_where_nothing_is_cut_off_or_nothing_is_left_there_is_no_cut(scan):
    volume, _ = scan
    far = np.array([0.0, 30.0, 1000.0])
    assert cut(volume, -far) is None
    assert cut(volume, far) is None


def test_discs_are_cut_at_their_centres(tmp_path):
    volume, _ = write_scan(tmp_path)
    path = write_labels(spine(), volume.affine, tmp_path / "discs.nii.gz")
    geometry = SimpleITK.ReadImage(str(path))
    names = dict(enumerate(("L1-L2 disc", "L2-L3 disc", "L3-L4 disc", "L4-L5 disc", "L5-S1 disc"), start=1))
    reference = Reference(geometry, SimpleITK.GetArrayFromImage(geometry).astype(np.int32), names)
    points = cut_points(reference)
    row = (np.linalg.inv(volume.affine) @ [*points["above L5"], 1])[1]
    assert row == pytest.approx(4 + 3 * 16 + 5.5)
    assert "through S1" in points


def test_muscles_have_no_levels_to_cut_at(scan):
    reference = replace(scan[1], names=dict.fromkeys(BODIES, "left multifidus"))
    assert cut_points(reference) == {}
