"""What every generated person must fulfil."""

import numpy as np
import pytest
import torch

from models.anatomy import Anatomy, Tissue, generate
from models.anatomy.tissues import DISCS, FIRST_DISC, LEVELS, MUSCLES

FIELD = ((-110, 110), (-120, 100), (-150, 150))


@pytest.fixture(scope="module")
def person() -> Anatomy:
    return generate(7, FIELD, 4.0)


def _centroid(anatomy: Anatomy, mask: torch.Tensor) -> np.ndarray:
    index = mask.nonzero().double().mean(0).numpy()
    return index * np.array(anatomy.spacing) + np.array(anatomy.origin)


def test_grid(person: Anatomy) -> None:
    assert person.tissues.shape == person.instances.shape == person.first_sacral.shape == (55, 55, 75)
    assert person.tissues.dtype == person.instances.dtype == torch.int16
    assert person.spacing == (4.0, 4.0, 4.0)
    assert person.origin == (-108.0, -118.0, -148.0)
    assert person.body_centres.shape == (len(LEVELS), 3)


def test_same_seed_same_person_other_seed_another() -> None:
    first, again, other = (generate(seed, FIELD, 8.0) for seed in (3, 3, 4))
    assert torch.equal(first.tissues, again.tissues)
    assert torch.equal(first.instances, again.instances)
    assert not torch.equal(first.tissues, other.tissues)


def test_vertebrae_are_where_their_centres_say(person: Anatomy) -> None:
    body = (person.tissues == Tissue.BODY_CORTEX) | (person.tissues == Tissue.BODY_MARROW)
    for level, centre in enumerate(person.body_centres):
        found = _centroid(person, body & (person.instances == level + 1))
        assert np.abs(found - centre).max() < 8, LEVELS[level]


def test_column_runs_upward_and_discs_lie_between_their_bodies(person: Anatomy) -> None:
    heights = person.body_centres[:, 2]
    assert (np.diff(heights) > 15).all()
    for i in range(1, len(DISCS)):
        disc = _centroid(person, person.instances == FIRST_DISC + i)[2]
        assert heights[i - 1] < disc < heights[i], DISCS[i]
    sacrum = _centroid(person, person.instances == 8)[2]
    assert sacrum < _centroid(person, person.first_sacral)[2] < heights[0]


def test_left_is_plus_x(person: Anatomy) -> None:
    canal = _centroid(person, person.instances == 40)[0]
    for number, name in enumerate(MUSCLES, start=51):
        side = 1 if name.startswith("left") else -1
        assert side * (_centroid(person, person.instances == number)[0] - canal) > 3, name


def test_back_is_plus_y(person: Anatomy) -> None:
    canal = _centroid(person, person.instances == 40)[1]
    assert person.body_centres[:5, 1].mean() < canal - 8
    assert _centroid(person, person.instances == 51)[1] > canal + 8


@pytest.mark.parametrize("spacing", [0.0, -1.0, (4.0, 4.0, 0.0)])
def test_refuses_a_spacing_that_is_not_positive(spacing: float | tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="spacing must be positive"):
        generate(1, FIELD, spacing)


def test_refuses_an_empty_field_of_view() -> None:
    with pytest.raises(ValueError, match="holds no voxel"):
        generate(1, ((0, 0), (-120, 100), (-150, 150)), 4.0)


def test_a_field_of_view_beside_the_spine_holds_no_vertebra() -> None:
    beside = generate(5, ((120, 160), (-100, 60), (-150, 150)), 5.0)
    assert not ((beside.instances >= 1) & (beside.instances <= 7)).any()
    assert not beside.first_sacral.any()
