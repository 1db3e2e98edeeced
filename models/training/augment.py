"""What is done to a scan each time a network sees it."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import (
    RandAdjustContrast,
    RandBiasField,
    RandomizableTransform,
    RandSimulateLowResolution,
)
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.anatomy.randomness import Randomness
from models.anatomy.shapes import rotation

Matrix = NDArray[np.float64]
Item = TypeVar("Item")


def normalise(x: Tensor) -> Tensor:
    """Shift and scale to mean 0 and deviation 1."""
    return (x - x.mean()) / (x.std() + 1e-6)


def neighbours(random: Randomness, volume: Tensor) -> tuple[Tensor, int]:
    """Draw a slice of (S, H, W); return it between its neighbours, (3, H, W) float32, and its index."""
    last = volume.shape[0] - 1
    index = int(random.numbers.integers(0, last + 1))
    return volume[[max(0, index - 1), index, min(last, index + 1)]].float(), index


def in_plane(
    random: Randomness, turn: float, scale: tuple[float, float], aspect: tuple[float, float]
) -> Matrix:
    """Draw a rotation (deviation `turn`, radians) with scale and aspect ratio: (2, 2), patch to scan."""
    angle = random.normal(0, turn)
    size, ratio = random.uniform(*scale), random.uniform(*aspect)
    c, s = float(np.cos(angle)) * size, float(np.sin(angle)) * size
    return np.array([[c * ratio, -s], [s, c / ratio]])


def in_space(random: Randomness, turn: float, scale: tuple[float, float]) -> Matrix:
    """Draw turns (deviation `turn`, radians) and stretching along all axes, and a mirror left to right.

    Returns
    -------
    (3, 3) array
        Patch to scan; half of the patches are mirrored.
    """
    sizes = random.numbers.uniform(*scale, 3) * random.uniform(0.88, 1.12)
    x, y, z = (float(angle) for angle in random.numbers.normal(0, turn, 3))
    turned = rotation(x, 0, 0) @ rotation(0, y, 0) @ rotation(0, 0, z)
    mirror = np.diag([-1 if random.chance(0.5) else 1, 1, 1])
    matrix: Matrix = turned @ np.diag(sizes) @ mirror
    return matrix


def cut(
    image: Tensor,
    matrix: Matrix,
    centre: NDArray[np.float64],
    shape: tuple[int, ...],
    *,
    mode: str = "bilinear",
    padding: str = "border",
    warp: NDArray[np.float64] | None = None,
) -> Tensor:
    """Resample a patch.

    Parameters
    ----------
    image : (C, *S) float tensor
        Two or three spatial axes.
    matrix : (d, d) array
        Patch voxels to image voxels.
    centre : (d,) array
        Image voxel at the middle of the patch.
    shape : tuple of d ints
        Size of the patch.
    mode, padding : str
        As for `torch.nn.functional.grid_sample`.
    warp : (*shape, d) array, optional
        Moves every voxel of the patch by so many voxels before it is looked up.

    Returns
    -------
    (C, *shape) float tensor
    """
    axes = [np.arange(n) - (n - 1) / 2 for n in shape]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    voxels = (places if warp is None else places + warp) @ matrix.T + centre
    places = (voxels + 0.5) / np.array(image.shape[1:]) * 2 - 1
    grid = torch.tensor(places[..., ::-1].copy(), dtype=torch.float32)[
        None
    ]  # grid_sample counts from the last
    return functional.grid_sample(image[None], grid, mode=mode, padding_mode=padding, align_corners=False)[0]


def cut_labels(
    labels: Tensor,
    matrix: Matrix,
    centre: NDArray[np.float64],
    shape: tuple[int, ...],
    *,
    padding: str = "zeros",
    warp: NDArray[np.float64] | None = None,
) -> Tensor:
    """Resample label images (C, *S) to int64 patches (C, *shape), nearest neighbour."""
    return cut(labels.float(), matrix, centre, shape, mode="nearest", padding=padding, warp=warp).long()


def soften(random: Randomness, x: Tensor, probability: float) -> Tensor:
    """Sometimes lower the resolution of (C, H, W) slices."""
    low = RandSimulateLowResolution(probability, upsample_mode="bilinear", zoom_range=(0.4, 0.9))
    return _apply(random, low, x)


def shade(random: Randomness, x: Tensor, probability: float) -> Tensor:
    """Sometimes multiply (C, H, W) slices with a smooth gain: a coil's sensitivity."""
    return _apply(random, RandBiasField(coeff_range=(-0.35, 0.35), prob=probability), x)


def bend(random: Randomness, x: Tensor, probability: float) -> Tensor:
    """Sometimes apply a gamma between the darkest and the brightest voxel."""
    return _apply(random, RandAdjustContrast(probability, gamma=(0.7, 1.4)), x)


def _apply(random: Randomness, transform: RandomizableTransform, x: Tensor) -> Tensor:
    """Apply one of MONAI's random transforms, seeded from the stream that a checkpoint keeps."""
    transform.set_random_state(seed=int(random.numbers.integers(2**31)))
    changed: Tensor = transform(x)
    return changed.as_tensor() if isinstance(changed, MetaTensor) else changed


def jitter(
    random: Randomness, x: Tensor, gain: tuple[float, float], shift: tuple[float, float], noise: float
) -> Tensor:
    """Change contrast and brightness, and add noise of a deviation up to `noise`."""
    x = x * random.uniform(*gain) + random.uniform(*shift)
    return x + random.field(tuple(x.shape)) * random.uniform(0, noise)


def pick(random: Randomness, items: Sequence[Item]) -> Item:
    """Draw one of several."""
    return items[int(random.numbers.integers(len(items)))]
