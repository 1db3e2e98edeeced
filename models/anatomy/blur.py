"""Gaussian blur of a volume, slab by slab."""

import math

import torch
from torch import Tensor
from torch.nn import functional

SLAB = 2**23  # voxels worked on at a time, so that a scan of 200 x 512 x 512 fits a small machine


def gaussian_blur(image: Tensor, sigma: float, axis: int) -> Tensor:
    """Blur an (X, Y, Z) image along one axis; `sigma` in voxels, less than 0.15 does nothing."""
    if sigma < 0.15:
        return image
    reach = math.ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=image.device).float()
    weights = torch.exp(-((offsets / sigma) ** 2) / 2)
    weights /= weights.sum()
    shape, padding = [1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]
    shape[axis + 2] = -1
    padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = reach
    across = 1 if axis == 0 else 0  # slabs must not cut the axis of the blur
    blurred = [
        functional.conv3d(functional.pad(slab[None, None], padding, mode="replicate"), weights.view(shape))
        for slab in torch.split(image, slab_size(tuple(image.shape), across), dim=across)
    ]
    return torch.cat([slab[0, 0] for slab in blurred], dim=across)


def slab_size(shape: tuple[int, ...], axis: int) -> int:
    """Return how many planes across `axis` make up a slab."""
    return max(1, SLAB * shape[axis] // math.prod(shape))
