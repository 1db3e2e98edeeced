"""Channels become structures: vertebrae of one class told apart, levels counted from the sacrum or open."""

import numpy as np
import pytest
from phantoms.bundles import SAGITTAL, spine, volume_of

from pipelines.errors import SegmentationError
from pipelines.segmentation.backends.label_map import LabelMap
from pipelines.segmentation.backends.structures import segmentation_of
from pipelines.types import ModelIdentity

MODEL = ModelIdentity("site", "1", "0" * 64)
SEMANTIC = LabelMap({1: "sacrum", 2: "vertebra", 3: "disc"}, 4)
NUMBERED = LabelMap({1: "sacrum", **{k + 2: f"L{5 - k} vertebra" for k in range(5)}}, 7)


def segmented(volume, label_map=SEMANTIC):
    return segmentation_of(volume, volume.voxels.astype(np.uint8), volume.affine, label_map, MODEL)


def numbered(*classes):
    """Axial slices, a block of 6 of them per class, upward."""
    voxels = np.zeros((8 * len(classes), 30, 30), np.uint8)
    for k, value in enumerate(classes):
        voxels[8 * k + 1 : 8 * k + 7, 5:25, 5:25] = value
    return volume_of(voxels, np.array([[0, 0, 1.5, 0], [0, 1.5, 0, 0], [4, 0, 0, 0], [0, 0, 0, 1.0]]))


def names(segmentation):
    return set(segmentation.structures.values())


def test_vertebrae_of_one_class_are_told_apart_and_numbered():
    volume = spine(4)
    found = segmented(volume)
    levels = ["L5", "L4", "L3", "L2"]
    discs = {f"{pair} disc" for pair in ("L5-S1", "L4-L5", "L3-L4", "L2-L3")}
    assert names(found) == {"sacrum", *(f"{level} vertebra" for level in levels)} | discs
    assert found.levels_determined
    assert found.warnings == ()
    values = {name: value for value, name in found.structures.items()}
    sizes = [(found.labels == values[f"{level} vertebra"]).sum() for level in levels]
    assert len(set(sizes)) == 1  # each with its own spinous process
    assert (found.labels > 0).sum() == (volume.voxels > 0).sum()


def test_a_spinous_process_beside_the_disc_below_goes_to_the_vertebra_that_it_grows_from():
    volume = spine(4)
    found = segmented(volume)
    beside_the_disc = found.labels[10, -1 - 75, 40]  # between L4 and L3
    assert found.structures[beside_the_disc] == "L3 vertebra"


def test_without_a_sacrum_levels_stay_open():
    found = segmented(spine(4, sacrum=False))
    assert not found.levels_determined
    assert "vertebra 1 (level not determined)" in names(found)
    assert "disc 1 (level not determined)" in names(found)
    assert [w.code for w in found.warnings] == ["LEVEL_UNKNOWN"]


def test_a_disc_within_the_sacrum_is_not_counted():
    volume = spine(3)
    volume.voxels[4:16, -14:-11, 10:34] = 3  # in the middle of the sacrum
    found = segmented(volume)
    assert {"L5 vertebra", "L5-S1 disc"} <= names(found)
    assert not any("L2" in name for name in names(found))


def test_the_networks_own_lumbosacral_disc_is_heeded():
    volume = spine(3)
    discs = volume.voxels == 3
    lowest = np.flatnonzero(discs.any((0, 2)))[-6:]
    volume.voxels[:, lowest] = np.where(discs[:, lowest], 4, volume.voxels[:, lowest])
    found = segmented(volume, LabelMap({**SEMANTIC.structures, 4: "L5-S1 disc"}, 5))
    assert {"L5-S1 disc", "L4-L5 disc", "L5 vertebra"} <= names(found)
    assert list(found.structures.values()).count("L5-S1 disc") == 1


def test_levels_that_the_network_named_are_kept_upon_the_sacrum():
    found = segmented(numbered(1, 2, 3, 4), NUMBERED)
    assert names(found) == {"sacrum", "L5 vertebra", "L4 vertebra", "L3 vertebra"}
    assert (found.levels_determined, found.warnings) == (True, ())


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        ((2, 3, 4), "the sacrum is not in view"),
        ((1, 3, 4), "L4 vertebra is the lowest level, but not the one above the sacrum"),
        ((1, 2, 4), "no level between L5 vertebra and L3 vertebra"),
        ((1, 3, 2), "put L4 vertebra below L5 vertebra"),
        ((1, 0, 2, 3), "L5 vertebra lies 44 mm above the sacrum"),
    ],
)
def test_levels_that_do_not_count_from_the_sacrum_stay_open(classes, why):
    found = segmented(numbered(*classes), NUMBERED)
    assert not found.levels_determined
    assert why in found.warnings[0].text
    vertebrae = sorted(name for name in names(found) if name != "sacrum")
    assert vertebrae == [f"vertebra {k + 1} (level not determined)" for k in range(len(vertebrae))]


def test_a_network_without_a_sacrum_is_believed_with_a_warning():
    unaware = LabelMap({k: name for k, name in NUMBERED.structures.items() if name != "sacrum"}, 7)
    found = segmented(numbered(2, 3, 4), unaware)
    assert found.levels_determined
    assert [w.code for w in found.warnings] == ["LEVELS_UNCHECKED"]


def test_muscles_have_no_levels():
    found = segmented(numbered(2), LabelMap({2: "left multifidus"}, 3))
    assert (names(found), found.levels_determined, found.warnings) == ({"left multifidus"}, True, ())


def test_several_channels_may_be_one_structure():
    found = segmented(numbered(1, 2), LabelMap({1: "sacrum", 2: "sacrum"}, 3))
    assert names(found) == {"sacrum"}


def test_specks_are_nothing():
    voxels = np.zeros((10, 20, 20), np.uint8)
    voxels[4:6, 4:6, 4:6] = 1
    with pytest.raises(SegmentationError, match="site found nothing of: sacrum, vertebra, disc"):
        segmented(volume_of(voxels, SAGITTAL))
