"""Cubes as rows of patches, and picking some of them."""

from torch import Tensor


def patches(cubes: Tensor, grid: int) -> Tensor:
    """Cut cubes into `grid` patches along each side, in the order of a convolution's output.

    Parameters
    ----------
    cubes : tensor of shape (N, 1, side, side, side)
    grid : int
        Divides `side`.

    Returns
    -------
    tensor of shape (N, grid ** 3, (side / grid) ** 3)
    """
    n, side = len(cubes), cubes.shape[-1] // grid
    parts = cubes.reshape(n, grid, side, grid, side, grid, side).permute(0, 1, 3, 5, 2, 4, 6)
    return parts.reshape(n, grid**3, side**3)


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
