"""Where muscles and vessels of a generated person lie, and how they grow along the spine."""

import numpy as np
import pytest
import torch
from torch import Tensor

from models.anatomy import Anatomy, Tissue, generate
from models.anatomy.pathology import Pathology
from models.anatomy.scene import L1, L2, L3, L4, L5
from models.anatomy.tissues import CANAL, FIRST_MUSCLE, MUSCLES, SACRUM

FIELD = ((-110, 110), (-120, 90), (-140, 100))
NEAR = ((-45, 45), (-80, 80), (-120, 40))  # the spine alone
STEP = 3.5
SIDES = {"left": 1, "right": -1}


@pytest.fixture(scope="module", params=[2, 11])
def person(request: pytest.FixtureRequest) -> Anatomy:
    return generate(request.param, FIELD, STEP, pathology=Pathology())


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def section(person: Anatomy, where: Tensor, level: int) -> Tensor:
    """The three planes about the middle of a vertebra: (X, Y, 3)."""
    middle = round((person.body_centres[level][2] - person.origin[2]) / STEP)
    return where[:, :, middle - 1 : middle + 2]


def muscle(person: Anatomy, name: str, level: int) -> Tensor:
    return section(person, person.instances == FIRST_MUSCLE + MUSCLES.index(name), level)


def area(where: Tensor) -> float:
    """cm2, mean over the planes."""
    return float(where.sum()) / where.shape[2] * STEP**2 / 100


def centre(person: Anatomy, where: Tensor) -> np.ndarray:
    """x and y in mm."""
    assert where.any()
    place: np.ndarray = where.nonzero()[:, :2].double().mean(0).numpy() * STEP + person.origin[:2]
    return place


def test_every_muscle_lies_on_its_side_of_the_canal(person: Anatomy) -> None:
    canal = centre(person, section(person, person.instances == CANAL, L4))[0]
    for name in MUSCLES:
        x = muscle(person, name, L4).nonzero()[:, 0].double() * STEP + person.origin[0]
        assert (SIDES[name.split()[0]] * (x - canal) > -STEP).all(), name


def test_psoas_grows_downward_and_lies_beside_the_bodies(person: Anatomy, side: str) -> None:
    name = f"{side} psoas major"
    areas = [area(muscle(person, name, level)) for level in (L1, L2, L3, L4)]
    assert areas == sorted(areas)
    assert areas[-1] > 3 * areas[0]
    for level in (L3, L4):
        out, behind = centre(person, muscle(person, name, level)) - person.body_centres[level][:2]
        body = person.spine.vertebrae[level]
        assert SIDES[side] * out > body.half_width
        assert abs(behind) < 1.2 * body.half_depth


def test_quadratus_lies_beside_psoas_and_before_erector_spinae(person: Anatomy, side: str) -> None:
    quadratus, psoas, erector = (
        centre(person, muscle(person, f"{side} {name}", L3))
        for name in ("quadratus lumborum", "psoas major", "erector spinae")
    )
    assert SIDES[side] * (quadratus - psoas)[0] > 10
    assert (erector - quadratus)[1] > 10


def test_multifidus_lies_within_erector_spinae_and_widens_downward(person: Anatomy, side: str) -> None:
    for level in (L2, L3, L4):
        inner, outer = (
            centre(person, muscle(person, f"{side} {name}", level))
            for name in ("multifidus", "erector spinae")
        )
        assert SIDES[side] * (outer - inner)[0] > 10
    high, low = (width(muscle(person, f"{side} multifidus", level)) for level in (L2, L5))
    assert low > high + 3


def width(where: Tensor) -> float:
    """Extent along x, mm."""
    return float(np.ptp(where.nonzero()[:, 0].numpy())) * STEP


def test_vessels_lie_before_the_bodies(person: Anatomy) -> None:
    for level in (L2, L3):
        body = person.body_centres[level]
        aorta, cava = (
            centre(person, section(person, person.tissues == vessel, level)) - body[:2]
            for vessel in (Tissue.AORTA, Tissue.VENA_CAVA)
        )
        assert max(aorta[1], cava[1]) < -person.spine.vertebrae[level].half_depth
        assert aorta[0] > cava[0]  # the aorta on the left


def test_metal_that_is_asked_for_is_there_and_none_of_any_structure_outside_bone() -> None:
    fused = Pathology(fused=frozenset({1, 2}), cages=frozenset({1, 2}))
    person = generate(5, NEAR, 3.0, pathology=fused)
    metal = person.tissues == Tissue.METAL
    for level in (L5, L4, L3):
        assert (metal & (person.instances == level + 1)).sum() > 5
    cage = (metal | (person.tissues == Tissue.POLYMER)) & (person.instances == 0)
    for disc in (L4, L3):  # below these
        middle = (person.body_centres[disc] + person.body_centres[disc - 1]) / 2
        i, j, k = ((middle - person.origin) / 3.0).round().astype(int)
        assert cage[i - 5 : i + 6, j - 5 : j + 6, k - 1 : k + 2].any()
    outside = metal & ((person.instances == 0) | (person.instances > SACRUM))
    assert outside.any()
    assert torch.equal(person.instances[outside], torch.zeros_like(person.instances[outside]))
