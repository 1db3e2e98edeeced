import numpy as np
import pytest

from pipelines.features.stability.perturb import PERTURBATIONS, Perturbation, Piece, noise_of, perturbed


@pytest.fixture
def piece():
    z, y, x = np.indices((9, 21, 25)).astype(float)
    roi = np.zeros(z.shape, bool)
    roi[2:7, 5:16, 8:17] = True
    return Piece(3 * z + 2 * y + x, roi, (4.0, 1.0, 0.5))


def test_a_shift_moves_image_and_outline_together(piece):
    moved = perturbed(piece, Perturbation("translation", shift=(1.0, 2.0, 0.0)))
    inner = np.s_[1:-2, 1:-3, 1:-1]
    assert np.allclose(moved.voxels[inner], piece.voxels[inner] + 3 + 4)
    assert np.array_equal(moved.roi[1:6, 3:14], piece.roi[2:7, 5:16])


def test_a_turn_is_one_in_mm(piece):
    turned = perturbed(piece, Perturbation("rotation", angle=90.0))
    extents = [np.ptp(np.flatnonzero(turned.roi.any(axis=axes))) + 1 for axes in ((1, 2), (0, 2), (0, 1))]
    assert extents == pytest.approx([5, 9 * 0.5, 11 / 0.5], abs=1)
    assert turned.roi.sum() == pytest.approx(piece.roi.sum(), rel=0.2)


def test_outlines_grow_and_shrink_by_voxels_of_the_slice(piece):
    for grow, size in ((1, 5 * (11 * 9 + 2 * 11 + 2 * 9)), (-1, 5 * 9 * 7)):
        changed = perturbed(piece, Perturbation("outline", grow=grow))
        assert changed.roi.sum() == size
        assert np.array_equal(changed.voxels, piece.voxels)


def test_noise_is_as_strong_as_the_image_has_it(piece):
    rng = np.random.default_rng(0)
    noisy = Piece(piece.voxels + rng.normal(0, 5, piece.voxels.shape), piece.roi, piece.spacing)
    assert noise_of(noisy.voxels) == pytest.approx(5, rel=0.1)
    one, again, other = (perturbed(noisy, Perturbation("noise", seed=seed)).voxels for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert (one - noisy.voxels).std() == pytest.approx(5, rel=0.1)


def test_every_kind_is_among_the_perturbations():
    assert {how.kind for how in PERTURBATIONS} == {"translation", "rotation", "noise", "outline"}
