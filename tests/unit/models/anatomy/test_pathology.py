"""Every finding that is asked for is there, made of its tissue and labelled as what it belongs to."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from models.anatomy import Anatomy, Tissue, generate
from models.anatomy.pathology import (
    COUNT,
    Deformity,
    Fracture,
    Herniation,
    Modic,
    Pathology,
    Transition,
    draw_pathology,
)
from models.anatomy.randomness import Randomness
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, SACRUM

FIELD = ((-36, 36), (-80, 80), (-170, -15))  # L5 and L4, their discs, the upper sacrum
L5, L4 = FIRST_VERTEBRA, FIRST_VERTEBRA + 1
L5_S1, L4_L5 = FIRST_DISC, FIRST_DISC + 1
WORN = {0: 0.8, 1: 0.8}


def person(pathology: Pathology, seed: int = 21) -> Anatomy:
    return generate(seed, FIELD, 2.0, pathology=pathology)


def voxels(anatomy: Anatomy, tissue: Tissue, instance: int | None = None) -> int:
    found = anatomy.tissues == tissue
    return int((found if instance is None else found & (anatomy.instances == instance)).sum())


@pytest.fixture(scope="module")
def healthy() -> Anatomy:
    return person(Pathology())


def test_a_healthy_spine_has_no_findings(healthy: Anatomy) -> None:
    for tissue in (
        Tissue.METAL,
        Tissue.POLYMER,
        Tissue.OEDEMA,
        Tissue.FATTY_MARROW,
        Tissue.SCLEROSIS,
        Tissue.HAEMANGIOMA,
        Tissue.CALCIFICATION,
    ):
        assert voxels(healthy, tissue) == 0, tissue
    assert voxels(healthy, Tissue.GAS, L5_S1) == 0
    assert not healthy.transitional


@pytest.mark.parametrize(
    ("pathology", "tissue"),
    [
        (Pathology(degeneration=WORN, vacuum=frozenset({1})), Tissue.GAS),
        (Pathology(degeneration=WORN, calcified=frozenset({1})), Tissue.CALCIFICATION),
    ],
)
def test_gas_and_chalk_belong_to_their_disc(pathology: Pathology, tissue: Tissue) -> None:
    found = person(pathology)
    assert voxels(found, tissue, L4_L5) > 3
    assert voxels(found, tissue, L5_S1) == 0


@pytest.mark.parametrize(
    ("kind", "tissue"),
    [
        (Modic.OEDEMA, Tissue.OEDEMA),
        (Modic.FAT, Tissue.FATTY_MARROW),
        (Modic.SCLEROSIS, Tissue.SCLEROSIS),
    ],
)
def test_modic_changes_lie_on_both_sides_of_their_disc(kind: Modic, tissue: Tissue) -> None:
    found = person(Pathology(modic={1: kind}))
    assert voxels(found, tissue, L5) > 10
    assert voxels(found, tissue, L4) > 10
    assert voxels(found, tissue) == voxels(found, tissue, L5) + voxels(found, tissue, L4)


def test_a_schmorl_node_is_disc_inside_the_body(healthy: Anatomy) -> None:
    found = person(Pathology(nodes=frozenset({1})))
    node = (found.instances == L4_L5) & ((healthy.instances == L4) | (healthy.instances == L5))
    assert node.sum() > 8


@pytest.mark.parametrize("extruded", [False, True])
def test_a_herniation_is_disc_in_the_canal(healthy: Anatomy, extruded: bool) -> None:
    herniation = Herniation(reach=6, side=3, extruded=extruded, migration=-6 if extruded else 0)
    found = person(Pathology(herniations={1: herniation}))
    assert ((found.instances == L4_L5) & (healthy.instances == 40)).sum() > 10
    place = (found.instances == L4_L5) & (healthy.instances != L4_L5)
    assert place.nonzero()[:, 0].double().mean() * 2 - 36 > found.spine.promontory[0] - 4  # to the left


def test_spurs_and_bridges_grow_between_two_vertebrae(healthy: Anatomy) -> None:
    apart = person(Pathology(spurs={1: 6.0}))
    bridged = person(Pathology(bridges=frozenset({1})))
    for found in (apart, bridged):
        for level in (L4, L5):
            assert (found.instances == level).sum() > (healthy.instances == level).sum() + 10
    before = _contacts(healthy, L5, L4)  # at the facets: their joints are narrower than these voxels
    assert _contacts(bridged, L5, L4) > before + 5 > _contacts(apart, L5, L4)


def _contacts(anatomy: Anatomy, first: int, second: int) -> int:
    """Voxel faces between two structures."""
    count = 0
    for axis in range(3):
        n = anatomy.instances.shape[axis]
        a, b = anatomy.instances.narrow(axis, 0, n - 1), anatomy.instances.narrow(axis, 1, n - 1)
        count += int((((a == first) & (b == second)) | ((a == second) & (b == first))).sum())
    return count


@pytest.mark.parametrize("deformity", list(Deformity))
def test_a_fracture_takes_height_and_a_fresh_one_is_oedematous(
    healthy: Anatomy, deformity: Deformity
) -> None:
    found = person(Pathology(fractures={1: Fracture(deformity, 0.4, fresh=True)}))
    # A broken body makes room: the field of view may then hold more of its neighbours.
    body, whole = found.spine.vertebrae[1], healthy.spine.vertebrae[1]
    front = body.half_height * (1 - body.wedge)
    middle = body.half_height * (2 - body.upper_cup - body.lower_cup) / 2
    lowest = middle if deformity is Deformity.BICONCAVE else front
    assert lowest / (whole.half_height * (1 - whole.wedge)) == pytest.approx(0.6, abs=0.08)
    assert voxels(found, Tissue.OEDEMA, L4) > 50
    assert voxels(found, Tissue.OEDEMA, L5) == 0


def test_a_haemangioma_lies_in_its_body() -> None:
    found = person(Pathology(haemangiomas=frozenset({0})))
    assert voxels(found, Tissue.HAEMANGIOMA, L5) == voxels(found, Tissue.HAEMANGIOMA) > 10


def test_a_slip_shifts_the_vertebra_and_all_above(healthy: Anatomy) -> None:
    found = person(Pathology(slips={0: 8.0}))
    shift = healthy.body_centres - found.body_centres
    assert np.linalg.norm(shift, axis=1) == pytest.approx(np.full(COUNT, 8.0))
    assert (shift[:, 1] > 4).all()


def test_scoliosis_has_its_angle() -> None:
    bent = person(Pathology(scoliosis=40.0)).spine
    rolls = [np.degrees(np.arctan2(body.axes[0, 2], body.axes[2, 2])) for body in bent.vertebrae]
    assert np.ptp(rolls) == pytest.approx(40, abs=6)


@pytest.mark.parametrize(
    ("pathology", "level"),
    [
        (Pathology(lysis=frozenset({0})), L5),
        (Pathology(laminectomy=frozenset({0})), L5),
    ],
)
def test_what_is_missing_of_an_arch_is_scar(healthy: Anatomy, pathology: Pathology, level: int) -> None:
    found = person(pathology)
    gone = (healthy.instances == level) & (found.instances != level)
    assert gone.sum() > 8
    assert (found.tissues[gone] == Tissue.LIGAMENT).double().mean() > 0.7
    assert (found.instances[gone] == 0).all()


def test_metal_keeps_the_vertebra_and_takes_the_disc(healthy: Anatomy) -> None:
    found = person(Pathology(fused=frozenset({0}), cages=frozenset({0})))
    metal = found.tissues == Tissue.METAL
    assert set(found.instances[metal].unique().tolist()) <= {0, L5, L4, SACRUM}
    for bone in (L5, SACRUM):
        assert (metal & (found.instances == bone)).sum() > 5
    cage = (metal | (found.tissues == Tissue.POLYMER)) & (healthy.instances == L5_S1)
    assert cage.sum() > 20
    assert (found.instances[cage] == 0).all()


@pytest.mark.parametrize(
    ("pathology", "segments", "first_rib"),
    [
        (Pathology(), 5, 5),
        (Pathology(lumbar=4), 5, 4),
        (Pathology(lumbar=6), 5, 6),
        (Pathology(transition=Transition.SACRALISED), 6, 4),
        (Pathology(transition=Transition.LUMBARISED), 5, 5),
    ],
)
def test_levels_count_upward_from_the_lowest_free_vertebra(
    pathology: Pathology, segments: int, first_rib: int
) -> None:
    tall = ((-60, 60), (-75, 75), (-175, 150))
    found = generate(22, tall, 3.0, pathology=pathology)
    assert found.transitional == (pathology != Pathology())
    assert len(found.spine.sacrum) == segments
    rib = found.tissues == Tissue.RIB_CORTEX
    height = torch.arange(rib.shape[2]) * 3.0 + found.origin[2]
    left = torch.arange(rib.shape[0]) * 3.0 + found.origin[0]
    with_rib = [
        bool(rib[(left - centre[0]).abs() < 36][:, :, (height - centre[2]).abs() < 8].any())
        for centre in found.body_centres[2:].tolist()
    ]
    assert with_rib.index(True) + 2 == first_rib
    heights = [found.spine.promontory[2], *found.body_centres[:, 2]]
    assert heights == sorted(heights)


def test_transverse_processes_of_a_transitional_vertebra_are_broad(healthy: Anatomy) -> None:
    wide = ((-60, 60), (-80, 80), (-170, -15))
    usual, broad = (
        generate(21, wide, 2.5, pathology=Pathology(transition=transition))
        for transition in (Transition.NONE, Transition.ARTICULATED)
    )
    assert (broad.instances == L5).sum() > 1.05 * (usual.instances == L5).sum()


def test_every_finding_is_drawn_and_stays_in_range() -> None:
    drawn = [draw_pathology(Randomness(seed)) for seed in range(400)]
    healthy = Pathology()
    for field in fields(Pathology):
        unusual = sum(getattr(one, field.name) != getattr(healthy, field.name) for one in drawn)
        assert unusual > 3, field.name
    for one in drawn:
        for name in ("slips", "herniations", "spurs", "modic", "fractures", "vacuum", "cages", "fused"):
            assert set(getattr(one, name)) <= set(range(COUNT)), name
        assert one.cages <= one.fused
    assert 0.08 < np.mean([one.transitional for one in drawn]) < 0.25
