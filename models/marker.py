"""The mark that tells the vertebra network which vertebra of a crop is meant."""

from collections.abc import Iterable

import torch
from torch import Tensor


def marker(shape: Iterable[int], place: Iterable[float], sigma: float) -> Tensor:
    """Draw a Gaussian of height 1 around the centre of a vertebral body.

    A mark at the centre needs nothing but the centre, which the coarse network finds well; a coarse mask as
    second channel would teach this network to trust masks that are better on generated scans than on real
    ones.

    Parameters
    ----------
    shape : three ints
        Voxels of the crop.
    place : three floats
        The centre in voxels.
    sigma : float
        Width in voxels.

    Returns
    -------
    float32 tensor of the given shape
    """
    x, y, z = (
        torch.exp(-(((torch.arange(n, dtype=torch.float32) - float(p)) / sigma) ** 2) / 2)
        for n, p in zip(shape, place, strict=True)
    )
    return x[:, None, None] * y[None, :, None] * z[None, None, :]
