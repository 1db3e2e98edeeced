"""Votes make centres; centres are levels only above an S1 that is in view."""

import numpy as np
import pytest

from pipelines.segmentation.votes import find_vertebrae, number

STEP = 3.0
SHAPE = (40, 40, 90)
CENTRES = np.array([[20, 20 - k % 2, 25 + 12 * k] for k in range(5)], float)


def cloud(centres, spread=1.0, each=200, seed=0):
    random = np.random.default_rng(seed)
    return np.concatenate([c + random.normal(0, spread, (each, 3)) for c in centres])


def block(low, high):
    mask = np.zeros(SHAPE, bool)
    mask[12:28, 14:30, low:high] = True
    return mask


def test_noisy_votes_gather_at_their_centres():
    votes = cloud(CENTRES)
    found = find_vertebrae(votes, np.ones(len(votes), bool), SHAPE, STEP)
    np.testing.assert_allclose(found, CENTRES, atol=1.0)


def test_votes_outside_the_grid_do_not_matter():
    votes = np.concatenate([cloud(CENTRES), np.full((50, 3), -4.0), np.full((50, 3), 400.0)])
    assert len(find_vertebrae(votes, np.ones(len(votes), bool), SHAPE, STEP)) == 5


def test_a_centre_just_outside_the_scan_is_found():
    above = np.array([20.0, 19.0, SHAPE[2] + 3.0])
    votes = cloud([*CENTRES, above])
    found = find_vertebrae(votes, np.ones(len(votes), bool), SHAPE, STEP)
    np.testing.assert_allclose(found, [*CENTRES, above], atol=1.0)


def test_levels_are_counted_from_an_s1_in_view():
    found = number(CENTRES, sacrum=block(4, 18), s1=block(10, 18), step=STEP)
    assert found.first_is_l5, found.reason


def test_a_pelvis_without_vertebrae_has_no_levels():
    found = number(np.zeros((0, 3)), sacrum=block(4, 18), s1=block(10, 18), step=STEP)
    assert (found.first_is_l5, found.lumbar_count) == (False, 0)
    assert "no vertebra" in found.reason


def test_a_body_that_is_s1_itself_is_not_counted():
    with_s1 = np.concatenate([[[20, 20, 14.0]], CENTRES])
    found = number(with_s1, sacrum=block(4, 18), s1=block(10, 18), step=STEP)
    assert (found.first_is_l5, found.sacral, found.lumbar_count) == (True, 1, 5)


@pytest.mark.parametrize(
    ("sacrum", "s1", "centres", "why"),
    [
        (block(0, 0), block(0, 0), CENTRES, "not in view"),
        (block(0, 4), block(0, 4), CENTRES + np.array([0, 0, 12]), "lowest vertebra"),
        (block(4, 18), block(10, 18), np.delete(CENTRES, 2, axis=0), "gap"),
    ],
)
def test_levels_stay_open_where_counting_is_unsafe(sacrum, s1, centres, why):
    found = number(centres, sacrum=sacrum, s1=s1, step=STEP)
    assert not found.first_is_l5
    assert why in found.reason
