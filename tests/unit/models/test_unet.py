"""The U-Net keeps shapes in both dimensions."""

import pytest
import torch

from models.unet import UNet


@pytest.mark.parametrize(("dimensions", "shape"), [(2, (2, 3, 32, 48)), (3, (1, 3, 16, 16, 32))])
def test_logits_have_the_input_shape(dimensions, shape):
    net = UNet(3, 5, (4, 6, 8), dimensions).eval()
    assert net.stride == 4
    with torch.inference_mode():
        assert net(torch.zeros(shape)).shape == (shape[0], 5, *shape[2:])
