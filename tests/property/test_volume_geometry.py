"""Voxel to patient is right whatever the orientation, the tilt, the spacing and the order of the files."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from phantoms.slices import SLOPE, Stack, enhanced, save, values_at

from pipelines.dicom.read import load_volume, read_series
from pipelines.types import Role

ANGLE = st.floats(-np.pi, np.pi)


@st.composite
def stacks(draw):
    """A stack turned at random, each slice shifted sideways against the one before."""
    turn = _rotation(*draw(st.tuples(ANGLE, ANGLE, ANGLE)))
    spacing = draw(st.floats(0.5, 10))
    sideways = draw(st.tuples(*[st.floats(-0.5, 0.5)] * 2))
    step = turn @ np.array([sideways[0] * spacing, sideways[1] * spacing, spacing])
    return Stack(
        "MR",
        slices=draw(st.integers(5, 9)),
        rows=draw(st.integers(2, 6)),
        columns=draw(st.integers(2, 6)),
        orientation=(*turn[:, 0], *turn[:, 1]),
        origin=draw(st.tuples(*[st.floats(-150, 150)] * 3)),
        step=tuple(step),
        pixel_spacing=draw(st.tuples(*[st.floats(0.3, 3)] * 2)),
    )


def _rotation(a, b, c):
    turns = []
    for angle, (i, j) in zip((a, b, c), ((0, 1), (1, 2), (0, 2)), strict=True):
        turn = np.eye(3)
        turn[[i, j], [i, j]] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        turns.append(turn)
    return turns[0] @ turns[1] @ turns[2]


@settings(max_examples=40, deadline=None)
@given(stack=stacks(), data=st.data(), as_enhanced=st.booleans())
def test_every_voxel_holds_the_value_of_its_place(stack, data, as_enhanced):
    order = data.draw(st.permutations(range(stack.slices)))
    instances = stack.instances()
    shuffled = [instances[i] for i in order]
    with tempfile.TemporaryDirectory() as folder:
        paths = save([enhanced(shuffled)] if as_enhanced else shuffled, Path(folder))
        ((series,), _) = read_series(paths)
        volume = load_volume(series, Role.MR_SAG)
    assert volume.sources == tuple(order.index(i) for i in range(stack.slices))
    np.testing.assert_allclose(volume.affine, stack.affine, atol=1e-4)
    np.testing.assert_allclose(volume.voxels, values_at(stack.affine, volume.voxels.shape), atol=SLOPE)
