"""What goes wrong in a scan: metal, folding, ghosts."""

import pytest
import torch

from models.anatomy.faults import add_ghosts, fold, spoil_around_metal
from models.anatomy.randomness import Randomness
from models.anatomy.streaks import add_streaks

SPACING = (2.0, 2.0, 2.0)


@pytest.fixture
def rods() -> torch.Tensor:
    """Two rods of metal along z, 32 mm apart."""
    metal = torch.zeros(40, 40, 10, dtype=torch.bool)
    metal[10:14, 19:23, 3:8] = True
    metal[26:30, 19:23, 3:8] = True
    return metal


def test_metal_leaves_a_void_on_mr_and_nothing_far_from_it(rods: torch.Tensor) -> None:
    image = torch.ones(40, 40, 10)
    spoilt = spoil_around_metal(Randomness(1), image, rods, SPACING)
    assert spoilt[rods].max() < 0.1
    assert (spoilt[:, :3] == 1).all()


def test_no_metal_changes_nothing(rods: torch.Tensor) -> None:
    image, none = torch.rand(40, 40, 10), torch.zeros_like(rods)
    assert spoil_around_metal(Randomness(1), image, none, SPACING) is image
    assert add_streaks(Randomness(1), image, none, 2.0) is image


def test_metal_darkens_the_line_between_two_rods_on_ct(rods: torch.Tensor) -> None:
    streaked = add_streaks(Randomness(3), torch.zeros(40, 40, 10), rods, 2.0)
    between, off = streaked[18:22, 19:23, 5], streaked[18:22, 30:34, 5]
    assert between.mean() < off.mean() - 20  # HU
    assert (streaked[:, :, :3] == 0).all()


def test_streaks_are_the_same_for_a_seed(rods: torch.Tensor) -> None:
    first, second = (add_streaks(Randomness(4), torch.zeros(40, 40, 10), rods, 2.0) for _ in range(2))
    assert torch.equal(first, second)


def test_folding_adds_one_edge_to_the_opposite_one() -> None:
    image = torch.zeros(4, 40, 40)
    image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1] = 1, 1, 1, 1
    for seed in range(8):
        folded = fold(Randomness(seed), image)
        changed = folded != image
        assert changed.any()
        assert (folded >= image).all()
        assert not changed[:, 10:30, 10:30].any()


def test_ghosts_repeat_the_image_faintly() -> None:
    image = torch.zeros(4, 40, 40)
    image[:, 18:22, 18:22] = 1
    ghosted = add_ghosts(Randomness(2), image)
    faint = (ghosted > 0) & (image == 0)
    assert faint.sum() == 2 * (image > 0).sum()
    assert ghosted[faint].max() <= 0.12
