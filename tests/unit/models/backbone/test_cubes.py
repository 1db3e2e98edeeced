"""Crops and cubes against torch's own interpolation."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.backbone.cubes import CubeError, crop, to_cube
from models.backbone.patches import pick, pick_patches


@pytest.mark.parametrize("shape", [(5, 40, 33), (60, 12, 1), (32, 32, 32)])
def test_a_cube_is_a_linear_resize_of_mean_0_and_sd_1(shape: tuple[int, int, int]) -> None:
    cropped = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    expected = functional.interpolate(
        cropped[None, None], size=(32, 32, 32), mode="trilinear", align_corners=False
    )[0]
    expected = (expected - expected.mean()) / expected.std(correction=0)
    assert torch.allclose(to_cube(cropped, 32), expected, atol=1e-5)


def test_a_crop_is_standardised_inside_and_0_outside() -> None:
    voxels = np.random.default_rng(1).normal(50, 9, (6, 20, 20)).astype(np.float32)
    roi = np.zeros(voxels.shape, bool)
    roi[2:4, 5:15, 6:12] = True
    found = crop(voxels, roi, (3.0, 1.0, 1.0))
    assert found.shape == (4, 14, 10)  # 2 mm around it: one slice, two rows and columns
    inside = found[1:3, 2:12, 2:8]
    assert inside.mean() == pytest.approx(0, abs=1e-5)
    assert inside.std() == pytest.approx(1, abs=1e-5)
    assert np.count_nonzero(found) == inside.size


def test_what_gives_no_crop() -> None:
    voxels, roi = np.ones((4, 4, 4), np.float32), np.zeros((4, 4, 4), bool)
    with pytest.raises(CubeError, match="no voxel") as caught:
        crop(voxels, roi, (1.0, 1.0, 1.0))
    assert caught.value.code == "ROI_EMPTY"
    with pytest.raises(CubeError, match="the same value"):
        crop(voxels, ~roi, (1.0, 1.0, 1.0))


def test_patches_come_in_the_order_of_a_convolution() -> None:
    cubes = torch.randn(2, 1, 8, 8, 8, generator=torch.Generator().manual_seed(1))
    kernel = torch.randn(5, 1, 4, 4, 4, generator=torch.Generator().manual_seed(2))
    tokens = functional.conv3d(cubes, kernel, stride=4).flatten(2).transpose(1, 2)
    places = torch.tensor([[7, 2, 0], [1, 6, 5]])
    rows = pick_patches(cubes, 2, places).flatten(2) @ kernel.flatten(1).T
    assert torch.allclose(rows, pick(tokens, places), atol=1e-5)
