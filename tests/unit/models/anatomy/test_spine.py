"""Sizes of the generated spines against published ones."""

import numpy as np
import pytest
import torch

from models.anatomy import Tissue, generate
from models.anatomy.pathology import Pathology
from models.anatomy.randomness import Randomness
from models.anatomy.spine import Spine, plan_spine
from models.anatomy.tissues import FIRST_DISC, LAST_DISC, LAST_VERTEBRA

PEOPLE = range(60)


@pytest.fixture(scope="module")
def spines() -> list[Spine]:
    return [plan_spine(Randomness(seed), Pathology()) for seed in PEOPLE]


def _gap(spine: Spine, disc: int, share: float) -> float:
    """Distance between end plates at `share` of the depth: -1 in front, 1 behind."""
    below, above = spine.below(disc), spine.vertebrae[disc]
    depth = share * min(below.half_depth, above.half_depth)
    floor = below.half_height * (1 + below.wedge * depth / below.half_depth)
    roof = above.half_height * (1 + above.wedge * depth / above.half_depth)
    start = below.centre + below.axes @ np.array([0, depth, floor])
    end = above.centre + above.axes @ np.array([0, depth, -roof])
    return float((end - start) @ spine.discs[disc].axes[:, 2])


def test_the_lowest_disc_is_a_wedge(spines: list[Spine]) -> None:
    assert 12 < np.median([_gap(spine, 0, -1) for spine in spines]) < 18
    assert 4 < np.median([_gap(spine, 0, 1) for spine in spines]) < 8
    assert min(_gap(spine, disc, share) for spine in spines for disc in range(5) for share in (-1, 1)) > 0.5


def test_curves(spines: list[Spine]) -> None:
    slope = [np.degrees(spine.sacrum[0].tilt) for spine in spines]
    assert 14.9 < min(slope) < 30 < 50 < max(slope) < 60.1
    lordosis = [np.degrees(spine.sacrum[0].tilt - spine.vertebrae[5].tilt) for spine in spines]
    assert 40 < np.median(lordosis) < 62
    assert all(spine.sacrum[-1].tilt < spine.sacrum[0].tilt for spine in spines)


def test_body_heights(spines: list[Spine]) -> None:
    heights = np.array([[2 * body.half_height for body in spine.vertebrae[:5]] for spine in spines])
    assert (np.median(heights, axis=0) > 25).all()
    assert (np.median(heights, axis=0) < 30).all()


def test_volumes_and_what_lies_between() -> None:
    volumes = []
    for seed in (1, 2):
        person = generate(seed, ((-60, 60), (-70, 80), (-140, 120)), 2.0, pathology=Pathology())
        scale = 8e-3 / person.spine.size**3  # cm3 at size 1
        volumes.append([float((person.instances == level).sum()) * scale for level in range(1, 6)])
        assert _touching(person.instances) < 0.002
        assert not (person.instances[person.tissues == Tissue.CARTILAGE] > 0).any()
    assert (np.mean(volumes, axis=0) > 30).all()
    assert (np.mean(volumes, axis=0) < 65).all()


def _touching(instances: torch.Tensor) -> float:
    """Share of the vertebrae's voxel faces that touch another vertebra."""
    touching, faces = 0, 0
    for axis in range(3):
        n = instances.shape[axis]
        a, b = instances.narrow(axis, 0, n - 1), instances.narrow(axis, 1, n - 1)
        first, second = (x.gt(0) & x.le(LAST_VERTEBRA) for x in (a, b))
        touching += int((first & second & (a != b)).sum())
        faces += int((first ^ second).sum())
    return touching / faces


def test_discs_stay_between_their_bodies() -> None:
    person = generate(4, ((-45, 45), (-70, 70), (-140, 120)), 2.0, pathology=Pathology())
    for disc in range(5):
        mask = person.instances == FIRST_DISC + disc
        place = person.spine.below(disc), person.spine.vertebrae[disc]
        middle = (place[0].centre + place[1].centre) / 2
        index = mask.nonzero().double().numpy() * 2.0 + np.array(person.origin) - middle
        local = np.abs(index @ person.spine.discs[disc].axes)
        assert np.percentile(local[:, 0], 99) < place[1].half_width + 2, disc
        assert np.percentile(local[:, 1], 99) < place[1].half_depth + 2, disc
    assert not ((person.instances > LAST_DISC) & (person.tissues == Tissue.NUCLEUS)).any()
