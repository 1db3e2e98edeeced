"""Any order and direction of axes leads to the same (L, P, S) array, and back."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.segmentation.grid import coarse_grid
from pipelines.segmentation.orientation import orient
from pipelines.types import Role, SourceSeries, Volume

NOTHING = SourceSeries("1.2", "1.2.3", "MR", (), ())


def volume(voxels, affine):
    return Volume(voxels.astype(np.float32), affine, (None,) * voxels.shape[0], Role.CT, NOTHING)


def rotation(angles):
    a, b, c = angles
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return x @ y @ z


@given(
    axes=st.sampled_from(list(permutations(range(3)))),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
    angles=st.tuples(*[st.floats(-0.4, 0.4)] * 3),
)
@settings(deadline=None, max_examples=60)
def test_indices_grow_to_the_left_posterior_and_head(axes, signs, angles):
    affine = np.eye(4)
    affine[:3, :3] = (rotation(angles) * [2.0, 1.0, 0.5] * signs)[:, axes]
    affine[:3, 3] = [7, -3, 11]
    voxels = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    oriented = orient(volume(voxels, affine))
    assert (np.diag(oriented.affine)[:3] > 0).all()
    for index in np.ndindex(oriented.array.shape):
        at = (oriented.affine @ [*index, 1])[:3]
        own = tuple(np.rint(np.linalg.inv(affine) @ [*at, 1])[:3].astype(int))
        assert voxels[own] == oriented.array[index]
    np.testing.assert_array_equal(oriented.back(oriented.array.astype(np.uint8)), voxels)


@pytest.mark.parametrize("tilt", [0.0, -0.35])
def test_a_coarse_grid_keeps_patient_coordinates(tilt):
    """A field that is linear in patient coordinates must be reproduced, tilted gantry or not."""
    affine = np.zeros((4, 4))
    affine[:3, 0] = [0, 4 * np.sin(tilt), 4 * np.cos(tilt)]  # slices
    affine[:3, 1] = [0, 1, 0]  # rows run to posterior
    affine[:3, 2] = [1, 0, 0]  # columns run to the left
    affine[:, 3] = [-20, 5, 100, 1]
    index = np.stack(np.meshgrid(*map(np.arange, (12, 48, 40)), indexing="ij"), -1)
    points = index @ affine[:3, :3].T + affine[:3, 3]
    field = points @ [0.5, -1.0, 2.0]
    grid = coarse_grid(orient(volume(field, affine)), 3.0, outside=np.nan)
    where = np.argwhere(np.isfinite(grid.values))
    expected = (where @ grid.affine[:3, :3].T + grid.affine[:3, 3]) @ [0.5, -1.0, 2.0]
    assert len(where) > 1000
    np.testing.assert_allclose(grid.values[tuple(where.T)], expected, atol=1e-3)
