"""Blur along one axis."""

import pytest
import torch

from models.anatomy.blur import gaussian_blur


def test_blur_keeps_the_sum_and_spreads_along_one_axis() -> None:
    image = torch.zeros(21, 21, 21)
    image[10, 10, 10] = 1
    blurred = gaussian_blur(image, 2.0, 1)
    assert float(blurred.sum()) == pytest.approx(1)
    assert blurred.nonzero()[:, 0].unique().tolist() == [10]
    spread = ((torch.arange(21) - 10) ** 2 * blurred[10, :, 10]).sum()
    assert float(spread) == pytest.approx(4, rel=0.05)


def test_a_narrow_blur_is_left_out() -> None:
    image = torch.rand(5, 5, 5)
    assert gaussian_blur(image, 0.1, 0) is image
