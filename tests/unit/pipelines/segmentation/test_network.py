"""Running a network where memory is short: fewer images, smaller windows, and at last the CPU."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from models.unet import UNet
from pipelines.segmentation.network import Network, on_cpu, pad_to_stride, predict_slices, run, run_volume
from pipelines.types import ModelIdentity

IDENTITY = ModelIdentity("small", "1", "0" * 64)


class Scarce(nn.Module):
    """Doubles its input, if that has no more voxels than fit its memory."""

    stride = 4

    def __init__(self, voxels: int) -> None:
        super().__init__()
        self.voxels = voxels
        self.sizes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(x.numel())
        if x.numel() > self.voxels or x.device.type == "meta":
            raise torch.OutOfMemoryError(f"no room for {x.numel()} voxels")
        return x * 2


def network(net: nn.Module, device: str = "cpu") -> Network:
    return Network(net.eval(), torch.device(device), {}, IDENTITY)  # type: ignore[arg-type]


def test_as_many_images_as_fit_go_at_once():
    net, images = Scarce(3 * 16), torch.rand(10, 1, 4, 4)
    torch.testing.assert_close(run(network(net), images, 8), images * 2)
    assert net.sizes[:3] == [8 * 16, 4 * 16, 2 * 16]
    assert set(net.sizes[3:]) == {2 * 16}


def test_memory_too_small_for_one_image_is_an_error_on_the_cpu():
    with pytest.raises(torch.OutOfMemoryError):
        run(network(Scarce(15)), torch.rand(2, 1, 4, 4), 2)


def test_a_device_without_any_room_hands_over_to_the_cpu():
    # "meta" stands for a full GPU: tensors move there, and nothing can be computed
    images, volume = torch.rand(3, 1, 4, 4), torch.rand(1, 1, 8, 8, 8)
    torch.testing.assert_close(run(network(Scarce(10**6), "meta"), images, 2), images * 2)
    torch.testing.assert_close(run_volume(network(Scarce(10**6), "meta"), volume, 10**6, 8), volume[0] * 2)


def test_a_volume_that_does_not_fit_goes_in_ever_smaller_windows():
    net, volume = Scarce(8**3), torch.rand(1, 1, 20, 18, 16)
    torch.testing.assert_close(run_volume(network(net), volume, 10**6, 16), volume[0] * 2)
    large = [size for size in net.sizes if size > 8**3]
    assert large == [20 * 20 * 16, 16**3]  # whole, padded to the stride; then a window
    assert set(net.sizes[2:]) == {8**3}


def test_small_volumes_go_whole_and_large_ones_in_windows():
    volume = torch.rand(1, 1, 20, 18, 16)
    for whole, sizes in ((10**6, {20 * 20 * 16}), (0, {8**3})):
        net = Scarce(10**6)
        torch.testing.assert_close(run_volume(network(net), volume, whole, 8), volume[0] * 2)
        assert set(net.sizes) == sizes


def test_a_copy_on_the_cpu_computes_the_same():
    torch.manual_seed(0)
    small = network(UNet(3, 4, (4, 8), 2))
    copy = on_cpu(small)
    assert copy.net is not small.net
    slices = torch.rand(2, 3, 7, 9)
    torch.testing.assert_close(predict_slices(copy, slices), predict_slices(small, slices))


def test_probabilities_of_slices_keep_their_size_and_add_up_to_one():
    torch.manual_seed(0)
    probabilities = predict_slices(network(UNet(3, 4, (4, 8, 8), 2)), torch.rand(9, 3, 7, 9))
    assert probabilities.shape == (9, 4, 7, 9)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(9, 7, 9))


def test_padding_repeats_the_far_edges():
    x = torch.arange(6.0).view(1, 1, 2, 3)
    padded = pad_to_stride(x, 4)
    assert padded.shape == (1, 1, 4, 4)
    assert all(torch.equal(a, b) for a, b in pairwise(padded[0, 0, 1:]))
    assert torch.equal(padded[0, 0, :2, :3], x[0, 0])
