"""Masks of muscles are made plausible slice by slice."""

import numpy as np
import pytest

from pipelines.segmentation.muscles import CANAL, doubt, part_sides, tidy

SPACING = (1.0, 1.0, 4.0)
LEFT_PSOAS, RIGHT_PSOAS, LEFT_ERECTOR = 5, 6, 3


@pytest.fixture
def classes() -> np.ndarray:
    """A canal in the middle and the left psoas (L grows to the left) beside it, in seven slices."""
    classes = np.zeros((120, 60, 7), np.uint8)
    classes[56:64, 30:36] = CANAL
    classes[80:100, 10:30] = LEFT_PSOAS
    return classes


def test_a_muscle_beyond_the_canal_belongs_to_the_other_side(classes: np.ndarray) -> None:
    classes[20:40, 10:30] = LEFT_PSOAS
    classes[62:70, 40:50] = RIGHT_PSOAS  # a hand's breadth from the midline of a turned patient: left alone
    part_sides(classes, SPACING)
    assert (classes[20:40, 10:30] == RIGHT_PSOAS).all()
    assert (classes[80:100, 10:30] == LEFT_PSOAS).all()
    assert (classes[62:70, 40:50] == RIGHT_PSOAS).all()


def test_without_a_canal_sides_stay(classes: np.ndarray) -> None:
    classes[classes == CANAL] = 0
    before = classes.copy()
    part_sides(classes, SPACING)
    assert np.array_equal(classes, before)


def test_one_piece_per_slice_without_holes(classes: np.ndarray) -> None:
    classes[105:108, 50:55, 2] = LEFT_PSOAS  # a speck
    classes[88:90, 18:20, 3] = 0  # a vessel
    tidy(classes, SPACING)
    assert not classes[100:].any()
    assert (classes[80:100, 10:30] == LEFT_PSOAS).all()


def test_bundles_with_a_little_fat_between_them_are_one_piece(classes: np.ndarray) -> None:
    classes[70:90, 40:55], classes[93:110, 40:55] = LEFT_ERECTOR, LEFT_ERECTOR
    tidy(classes, SPACING)
    assert (classes == LEFT_ERECTOR).sum() == (20 + 17) * 15 * 7


def test_the_psoas_does_not_leap_into_an_organ(classes: np.ndarray) -> None:
    classes[80:120, 0:30, 5:] = LEFT_PSOAS  # a kidney, one piece with the muscle
    classes[85:115, :, 6] = LEFT_PSOAS
    classes[56:64, 30:36] = CANAL
    tidy(classes, SPACING)
    assert (classes[80:100, 10:30, :5] == LEFT_PSOAS).all()
    assert not (classes[110:, :, 5] == LEFT_PSOAS).any()


def test_nothing_stays_nothing() -> None:
    empty = np.zeros((8, 8, 3), np.uint8)
    tidy(empty, SPACING)
    part_sides(empty, SPACING)
    assert not empty.any()


def test_a_back_is_not_doubted() -> None:
    assert doubt(_back(), SPACING) is None


def test_what_is_no_back_is_doubted() -> None:
    without_canal, one_sided, in_front = _back(), _back(), _back()[:, ::-1]
    without_canal[without_canal == CANAL] = 0
    one_sided[:56] = 0
    assert "no spinal canal" in str(doubt(without_canal, SPACING))
    assert "one side only" in str(doubt(one_sided, SPACING))
    assert "-" in str(doubt(in_front, SPACING))


def _back() -> np.ndarray:
    classes = np.zeros((120, 100, 4), np.uint8)
    classes[56:64, 30:40] = CANAL
    classes[64:80, 45:75], classes[80:110, 42:75] = 1, 3
    classes[40:56, 45:75], classes[10:40, 42:75] = 2, 4
    return classes
