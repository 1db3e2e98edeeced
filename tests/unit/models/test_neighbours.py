"""Slices with their neighbours, as many slices away as the scan's spacing asks for."""

import pytest
import torch
from monai.data import MetaTensor

from models.neighbours import NeighbourInferer


def picture(spacing):
    """A volume whose voxels are the numbers of their place, with so many mm along each axis."""
    affine = torch.diag(torch.tensor([*spacing, 1.0], dtype=torch.float64))
    return MetaTensor(torch.arange(5 * 6 * 7.0).reshape(1, 1, 5, 6, 7), affine=affine)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_slice_with_those_before_and_after(axis):
    volume = picture((4.0, 4.0, 4.0))
    shapes = []

    def network(x):
        shapes.append(x.shape[2:])
        return x

    maps = NeighbourInferer(axis, (-8.0, 0.0, 4.0), stride=4)(volume, network)
    slices, shown = volume.as_tensor()[0, 0].movedim(axis, 0), maps[0].movedim(axis + 1, 1)
    assert maps.shape == (1, 3, 5, 6, 7)
    assert torch.equal(shown[0, 2:], slices[:-2])
    assert torch.equal(shown[0, 1], slices[0])  # the stack's ends repeat
    assert torch.equal(shown[1], slices)
    assert torch.equal(shown[2, :-1], slices[1:])
    assert all(size % 4 == 0 for shape in shapes for size in shape)


@pytest.mark.parametrize(
    ("step", "shifts"), [(5.0, (-3, -1, 0, 1, 3)), (1.0, (-15, -5, 0, 5, 15)), (20.0, (-1, -1, 0, 1, 1))]
)
def test_neighbours_are_counted_in_mm(step, shifts):
    assert NeighbourInferer(0, (-15.0, -5.0, 0.0, 5.0, 15.0)).shifts(step) == shifts
