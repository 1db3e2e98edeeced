"""Labels on another grid come to lie where they are in the patient."""

import numpy as np
import pytest
from phantoms.bundles import volume_of
from scipy.spatial.transform import Rotation

from pipelines.segmentation.backends.place import along_patient, onto_volume

SHAPE = (12, 20, 16)


def oblique(turn, shear=0.0):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() @ np.diag([4.0, 1.5, 1.2])
    affine[:3, 0] += shear * affine[:3, 1]
    affine[:3, 3] = 7, -30, 12
    return affine


@pytest.mark.parametrize("turn", [(0, 0, 0), (90, 0, 0), (10, 80, 170), (33, 21, 47)])
def test_there_and_back_on_permuted_and_flipped_axes(turn):
    labels = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint8)
    volume = volume_of(np.zeros(SHAPE), oblique(turn, shear=0.5))
    moved, affine = along_patient(labels, volume.affine, volume)
    assert (np.diag(affine[:3, :3]) > 0).all()
    np.testing.assert_array_equal(onto_volume(moved, affine, volume), labels)


def test_a_coarser_grid_is_looked_up_by_the_nearest_voxel():
    volume = volume_of(np.zeros((4, 4, 4)), np.eye(4))
    coarse = np.arange(1, 9).reshape(2, 2, 2).astype(np.uint8)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = 0.5
    np.testing.assert_array_equal(onto_volume(coarse, affine, volume), np.kron(coarse, np.ones((2, 2, 2))))


def test_outside_of_the_grid_is_background():
    volume = volume_of(np.zeros((4, 4, 4)), np.eye(4))
    affine = np.eye(4)
    affine[:3, 3] = 2
    found = onto_volume(np.ones((9, 9, 9), np.uint8), affine, volume)
    assert found[2:, 2:, 2:].all()
    assert found.sum() == 8
