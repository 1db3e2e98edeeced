"""Patches and what is done to them."""

import numpy as np
import pytest
import torch

from models.anatomy.randomness import Randomness
from models.training.augment import (
    bend,
    cut,
    cut_labels,
    in_plane,
    jitter,
    neighbours,
    normalise,
    shade,
    soften,
)


@pytest.fixture
def random() -> Randomness:
    return Randomness(1)


def test_an_identity_cut_is_the_image() -> None:
    image = torch.rand(2, 7, 9)
    assert torch.allclose(cut(image, np.eye(2), np.array([3.0, 4.0]), (7, 9)), image, atol=1e-5)
    volume = torch.rand(1, 5, 7, 9)
    assert torch.allclose(cut(volume, np.eye(3), np.array([2.0, 3.0, 4.0]), (5, 7, 9)), volume, atol=1e-5)


def test_a_cut_finds_its_centre_and_turns_about_it() -> None:
    image = torch.zeros(1, 21, 21)
    image[0, 12, 6] = 1
    image[0, 12, 9] = 2
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    patch = cut_labels(image, quarter, np.array([12.0, 6.0]), (9, 9))[0]
    assert patch[4, 4] == 1
    assert patch[7, 4] == 2  # three columns on in the image, three rows down in the patch


def test_labels_outside_are_background() -> None:
    labels = torch.ones(1, 6, 6)
    patch = cut_labels(labels, np.eye(2), np.array([0.0, 0.0]), (5, 5))
    assert patch.dtype == torch.int64
    assert patch[0].sum() == 9


def test_neighbours_repeat_at_the_ends(random: Randomness) -> None:
    volume = torch.arange(4.0).view(4, 1, 1)
    seen = set()
    for _ in range(60):
        x, index = neighbours(random, volume)
        assert x.flatten().tolist() == [max(0, index - 1), index, min(3, index + 1)]
        seen.add(index)
    assert seen == {0, 1, 2, 3}


def test_in_plane_keeps_the_area_scale(random: Randomness) -> None:
    for _ in range(20):
        matrix = in_plane(random, 0.2, (0.8, 1.2), (0.9, 1.1))
        assert 0.8**2 * 0.9 < np.linalg.det(matrix) < 1.2**2 * 1.1


@pytest.mark.parametrize("change", [soften, shade, bend])
def test_a_change_of_probability_0_is_none_and_of_1_keeps_the_shape(change, random: Randomness) -> None:
    x = torch.rand(3, 16, 12)
    assert torch.equal(change(random, x, 0.0), x)
    for _ in range(4):
        changed = change(random, x, 1.0)
        assert changed.shape == x.shape
        assert not torch.equal(changed, x)


def test_normalise_and_jitter(random: Randomness) -> None:
    x = normalise(torch.rand(3, 40, 40) * 7 + 3)
    assert float(x.mean()) == pytest.approx(0, abs=1e-5)
    assert float(x.std()) == pytest.approx(1, abs=1e-4)
    y = jitter(random, x, gain=(2.0, 2.0), shift=(1.0, 1.0), noise=0.0)
    assert torch.allclose(y, 2 * x + 1)
