"""The mark of the vertebra that is meant."""

import math

import pytest
import torch

from models.marker import marker


def test_the_mark_is_highest_at_its_place_and_falls_as_a_gaussian():
    mark = marker((9, 11, 13), (4.0, 5.0, 6.0), 2.0)
    assert mark.shape == (9, 11, 13)
    assert mark.dtype == torch.float32
    assert float(mark[4, 5, 6]) == float(mark.max()) == 1
    assert float(mark[6, 5, 6]) == pytest.approx(math.exp(-0.5))
    assert float(mark[5, 6, 7]) == pytest.approx(math.exp(-3 / 8))


def test_a_place_between_voxels_or_outside_is_fine():
    between = marker((8, 8, 8), (3.5, 3.5, 3.5), 2.0)
    torch.testing.assert_close(between, between.flip(0, 1, 2))
    assert 0 < float(marker((8, 8, 8), (-3.0, 4.0, 4.0), 2.0).max()) < 1
