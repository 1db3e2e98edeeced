"""Any seed gives a consistent person."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anatomy import Tissue, generate
from models.anatomy.tissues import CANAL, FIRST_DISC, LAST_DISC, SACRUM

FIELD = ((-60, 60), (-100, 90), (-150, 150))
SPINE = [
    Tissue.BODY_CORTEX,
    Tissue.BODY_MARROW,
    Tissue.POSTERIOR_CORTEX,
    Tissue.POSTERIOR_MARROW,
    Tissue.BONE_LESION,
    Tissue.VEIN,
    Tissue.OEDEMA,
    Tissue.FATTY_MARROW,
    Tissue.SCLEROSIS,
    Tissue.HAEMANGIOMA,
    Tissue.METAL,
]
SACRAL = [
    Tissue.SACRUM_CORTEX,
    Tissue.SACRUM_MARROW,
    Tissue.ANNULUS,  # the remnant of S1-S2
    Tissue.OEDEMA,
    Tissue.FATTY_MARROW,
    Tissue.SCLEROSIS,
    Tissue.METAL,
]
DISC = [Tissue.ANNULUS, Tissue.NUCLEUS, Tissue.GAS, Tissue.CALCIFICATION]
IN_CANAL = [Tissue.EPIDURAL_FAT, Tissue.CEREBROSPINAL_FLUID, Tissue.CORD]


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 2**31 - 1))
def test_structures_are_made_of_their_own_tissues(seed: int) -> None:
    person = generate(seed, FIELD, 6.0)
    tissues, instances = person.tissues, person.instances
    assert int(tissues.min()) >= 0
    assert int(tissues.max()) < len(Tissue)
    for structure, allowed in (
        ((instances >= 1) & (instances < SACRUM), SPINE),
        (instances == SACRUM, SACRAL),
        ((instances >= FIRST_DISC) & (instances <= LAST_DISC), DISC),
        (instances == CANAL, IN_CANAL),
    ):
        assert set(tissues[structure].unique().tolist()) <= {int(t) for t in allowed}
    assert not (person.first_sacral & (instances >= 51)).any()


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 2**31 - 1))
def test_the_five_lumbar_levels_are_all_there_in_order(seed: int) -> None:
    person = generate(seed, FIELD, 6.0)
    height = torch.arange(person.instances.shape[2])
    means = []
    for number in (8, 1, 2, 3, 4, 5):
        present = (person.instances == number).sum((0, 1))
        assert present.any()
        means.append(float((present * height).sum() / present.sum()))
    assert means == sorted(means)
