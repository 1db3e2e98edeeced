"""Scores that can be worked out by hand."""

import numpy as np
import pytest
import SimpleITK

from pipelines.evaluation.names import parse
from pipelines.evaluation.reference import Reference
from pipelines.evaluation.score import dice, score, surface_distance

SPACING = (4.0, 1.0, 0.5)  # mm along slice, row, column


def reference(values, names):
    geometry = SimpleITK.GetImageFromArray(values.astype(np.uint8))
    geometry.SetSpacing(SPACING[::-1])
    return Reference(geometry, values.astype(np.int32), names)


def column(*lengths, shape=(6, 40, 10)):
    """Stack blocks of the given numbers of rows, valued 1, 2, …, from the top."""
    values = np.zeros(shape, np.uint8)
    top = 0
    for value, length in enumerate(lengths, start=1):
        values[1:5, top : top + length, 2:8] = value
        top += length
    return values


def test_names_are_level_or_side_and_kind():
    assert (parse("L4-L5 disc").place, parse("L4-L5 disc").kind) == ("L4-L5", "disc")
    assert (parse("left psoas major").place, parse("left psoas major").kind) == ("left", "psoas major")
    assert parse("vertebral body 3 (level not determined)").kind == "vertebral body"
    assert parse("vertebral body 3 (level not determined)").place is None
    assert parse("T12-L1 disc").is_thoracic
    assert (parse("sacrum").place, parse("vertebra").kind) == (None, "vertebra")


def test_dice_of_two_empty_masks_is_1():
    none, some = np.zeros(4, bool), np.array([True, True, False, False])
    assert (dice(none, none), dice(some, none), dice(some, some)) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(("axis", "voxels", "millimetres"), [(0, 1, 4.0), (1, 3, 3.0), (2, 4, 2.0)])
def test_surface_distance_is_in_mm_along_every_axis(axis, voxels, millimetres):
    one = np.zeros((20, 40, 60), bool)
    one[6:12, 10:30, 20:40] = True
    other = np.roll(one, voxels, axis)
    assert surface_distance(one, other, SPACING) == pytest.approx(millimetres)
    assert surface_distance(one, one, SPACING) == 0


def test_the_same_structures_are_a_perfect_score():
    truth = column(10, 10)
    names = {1: "L1 vertebra", 2: "L2 vertebra"}
    result = score(reference(truth, names), truth, names)
    assert (result.union, result.levels, result.everything.dice) == (1, 1, 1)
    assert (result.everything.surface_mm, result.everything.ratio) == (0, 1)
    assert result.naming.verdict == "right"
    assert list(result.structures) == ["L1 vertebra", "L2 vertebra", "vertebra (all)"]
    assert result.structures["L1 vertebra"].reference_cm3 == pytest.approx(4 * 10 * 6 * 2 / 1000)


def test_open_levels_count_as_0_but_their_masks_do_count():
    truth = column(10, 10)
    found = {1: "vertebra 2 (level not determined)", 2: "vertebra 1 (level not determined)"}
    result = score(reference(truth, {1: "L1 vertebra", 2: "L2 vertebra"}), truth, found)
    assert (result.union, result.levels) == (0, 0)
    assert result.everything.dice == 1
    assert result.naming.verdict == "not determined"


def test_a_shift_by_one_level_is_wrong_and_says_which():
    truth = column(10, 10)
    result = score(
        reference(truth, {1: "L1 vertebra", 2: "L2 vertebra"}), truth, {1: "L2 vertebra", 2: "L3 vertebra"}
    )
    assert result.naming.verdict == "wrong"
    assert result.naming.wrong == (("L2 vertebra", "L1 vertebra"), ("L3 vertebra", "L2 vertebra"))
    assert result.levels == 0
    assert result.everything.dice == 1


def test_sides_are_judged_as_levels_are():
    truth = column(10, 10)
    names = {1: "left multifidus", 2: "right multifidus"}
    swapped = {1: "right multifidus", 2: "left multifidus"}
    assert score(reference(truth, names), truth, names).naming.verdict == "right"
    assert score(reference(truth, names), truth, swapped).naming.verdict == "wrong"


def test_a_structure_that_the_reference_hardly_shows_is_not_judged():
    truth = column(10, 0)
    found = np.zeros_like(truth)
    found[1:5, 9:30, 2:8] = 1  # one row in ten lies in L1
    result = score(reference(truth, {1: "L1 vertebra"}), found, {1: "L2 vertebra"})
    assert result.naming.verdict == "not judged"


def test_thoracic_structures_count_in_neither():
    truth = column(10, 10)
    names = {1: "T12 vertebral body", 2: "L1 vertebral body"}
    found = {1: "vertebral body 2 (level not determined)", 2: "vertebral body 1 (level not determined)"}
    result = score(reference(truth, names), truth, found)
    assert result.everything.dice == 1
    assert result.structures["vertebral body (all)"].ratio == 1
    assert "T12 vertebral body" not in result.structures


def test_a_reference_of_kinds_scores_masks_alone():
    truth = column(20)
    found = column(10, 10)
    result = score(
        reference(truth, {1: "vertebra"}), found, {1: "L1 vertebra", 2: "vertebra 1 (level not determined)"}
    )
    assert (result.union, result.levels) == (None, None)
    assert result.everything.dice == 1
    assert list(result.structures) == ["vertebra (all)"]
    assert result.naming.verdict == "not judged"


def test_other_kinds_do_not_matter():
    truth = column(10)
    found = column(10, 20)
    result = score(reference(truth, {1: "sacrum"}), found, {1: "sacrum", 2: "L5 vertebra"})
    assert (result.union, result.everything.dice) == (1, 1)


def test_nothing_found_has_no_surface():
    truth = column(10)
    result = score(reference(truth, {1: "L1 vertebra"}), np.zeros_like(truth), {})
    assert (result.union, result.levels, result.everything.dice) == (0, 0, 0)
    assert (result.everything.surface_mm, result.everything.ratio) == (None, 0)
    assert result.naming.verdict == "not judged"
