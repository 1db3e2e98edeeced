"""Patches of cubes, and picking some of them."""

import torch
from torch import Tensor


def pick_patches(cubes: Tensor, grid: int, places: Tensor) -> Tensor:
    """Cut cubes into `grid` patches along each side, and take some of them.

    Parameters
    ----------
    cubes : tensor of shape (N, 1, side, side, side)
    grid : int
        Divides `side`.
    places : int64 tensor of shape (N, some)
        Which patches, in the order of a convolution's output.

    Returns
    -------
    tensor of shape (N, some, side / grid, side / grid, side / grid)
    """
    n, side = len(cubes), cubes.shape[-1] // grid
    parts = cubes.reshape(n, grid, side, grid, side, grid, side).permute(0, 1, 3, 5, 2, 4, 6)
    x, rest = places // grid**2, places % grid**2
    return parts[torch.arange(n, device=cubes.device)[:, None], x, rest // grid, rest % grid]


def pick(tokens: Tensor, places: Tensor) -> Tensor:
    """Take some of the tokens of each row.

    Parameters
    ----------
    tokens : tensor of shape (N, tokens, width)
    places : int64 tensor of shape (N, some)

    Returns
    -------
    tensor of shape (N, some, width)
    """
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[-1]))
