"""Random fields: what makes outlines uneven, muscle streaky and tissue textured."""

from torch import Tensor
from torch.nn import functional

from models.anatomy.grid import Grid
from models.anatomy.randomness import Randomness

STREAK_LENGTHS = (  # mm: fat runs along the muscle fibres, head to feet and, feather-like, to the back
    (4.5, 4.5, 22.0),
    (3.0, 9.0, 22.0),
    (4.0, 14.0, 16.0),
)


def _enlarge(noise: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Resample (1, C, x, y, z) noise to (C, X, Y, Z)."""
    return functional.interpolate(noise, size=shape, mode="trilinear", align_corners=True)[0]


def smooth_field(random: Randomness, grid: Grid, channels: int, scale: float) -> Tensor:
    """Draw fields that vary over about `scale` mm, with deviation 1.

    Returns
    -------
    (channels, X, Y, Z) float32 tensor
    """
    nodes = [
        max(3, round(n * float(step) / scale) + 2) for n, step in zip(grid.shape, grid.spacing, strict=True)
    ]
    field = _enlarge(random.field((1, channels, *nodes)), grid.shape)
    return field / (field.std() + 1e-6)


def streak_field(random: Randomness, grid: Grid) -> Tensor:
    """Draw the pattern of fat inside muscle: long along z, uneven on two larger scales.

    Returns
    -------
    (X, Y, Z) float32 tensor of deviation 1
    """
    lengths = STREAK_LENGTHS[int(random.numbers.integers(len(STREAK_LENGTHS)))]
    nodes = [
        max(4, int(n * float(step) / length))
        for n, step, length in zip(grid.shape, grid.spacing, lengths, strict=True)
    ]
    field = _enlarge(random.field((1, 1, *nodes)), grid.shape)[0]
    field = field / field.std() * 0.75
    field = field + smooth_field(random, grid, 1, 20)[0] * 0.5
    field = field + smooth_field(random, grid, 1, 6)[0] * 0.35
    return field / field.std()
