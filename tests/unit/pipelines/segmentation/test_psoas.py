"""The psoas ends where it has thinned out, whatever grows above."""

import numpy as np
import pytest

from pipelines.segmentation.psoas import lumbar_slices, stop_psoas, upper_end


@pytest.mark.parametrize(
    ("area", "end"),
    [
        (
            [140, 150, 300, 320, 300, 280, 270, 220, 180, 110, 230, 115, 3, 220, 450],
            10,
        ),  # leaks into the crus
        ([120, 98, 100, 97, 95, 80, 60, 20, 9, 11, 45, 200], 10),  # a larger leak above
        ([180, 86, 166, 264, 165, 137, 119, 80, 64, 42, 0, 0, 30], 10),  # vanishes
        ([100, 120, 110, 70, 55, 70, 60, 45], 8),  # uneven, as in thin people
        ([100, 120, 110, 90, 70], 5),  # the scan ends within the muscle
        ([0, 0, 0], 1),
    ],
)
def test_the_upper_end(area, end):
    assert upper_end(np.array(area)) == end


def test_a_slice_in_which_it_was_missed_is_no_end():
    area = np.array([300, 310, 0, 290, 200, 0, 0, 90])
    assert upper_end(area, gap=1) == 2
    assert upper_end(area, gap=2) == 5


def test_what_lies_above_is_taken_away_and_said():
    classes = np.zeros((20, 20, 8), np.uint8)
    for index, width in enumerate([10, 12, 10, 6, 3, 3, 9, 12]):
        classes[:width, :5, index] = 5  # left psoas major, then liver
    classes[:3, 10:12, :] = 6
    (finding,) = stop_psoas(classes, 12.0)
    assert finding.code == "PSOAS_END"
    assert finding.text.startswith("left psoas major ends at slice 6 of 8")
    assert (classes == 5).any((0, 1)).tolist() == [True] * 6 + [False] * 2
    assert (classes == 6).any((0, 1)).all()


def test_the_lumbar_slices_end_with_the_longer_psoas():
    classes = np.zeros((4, 4, 9), np.uint8)
    assert lumbar_slices(classes) == 9
    classes[0, 0, :5], classes[1, 0, :6], classes[2, 0, :] = 5, 6, 3
    assert lumbar_slices(classes) == 6
