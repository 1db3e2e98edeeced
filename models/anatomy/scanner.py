"""What a scanner does to the truth: slice profile, sampling, coil, noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.anatomy.anatomy import Anatomy
from models.anatomy.contrast import Contrast
from models.anatomy.randomness import Randomness

Steps = tuple[float, float, float]


@dataclass(frozen=True)
class Acquisition:
    """The grid of a scan.

    Attributes
    ----------
    spacing : three floats
        Distance between voxel centres along x, y, z, mm.
    thickness : float, optional
        Slice thickness along the axis of the largest spacing, mm; that spacing by default.
    offset : three floats
        From the outer corner of the anatomy's field of view to that of the scan's, mm.
    shape : three ints, optional
        Voxels along x, y, z; as many as fit by default.
    """

    spacing: Steps
    thickness: float | None = None
    offset: Steps = (0.0, 0.0, 0.0)
    shape: tuple[int, int, int] | None = None


def acquire(
    anatomy: Anatomy,
    image: Tensor,
    contrast: Contrast,
    acquisition: Acquisition,
    labels: Sequence[Tensor] = (),
) -> tuple[Tensor, list[Tensor]]:
    """Scan a rendered anatomy.

    Parameters
    ----------
    anatomy : Anatomy
        Its random stream is advanced.
    image : (X, Y, Z) float32 tensor
        From `render`.
    contrast : Contrast
        CT gets correlated Gaussian noise; MR gets coil fall-off, Rician noise and a gamma.
    acquisition : Acquisition
    labels : sequence of (X, Y, Z) tensors
        Label images to sample on the scan's grid, nearest neighbour.

    Returns
    -------
    scan : float32 tensor of the acquisition's shape
    labels : list of int16 tensors of the same shape
    """
    shape = acquisition.shape or _fitting_shape(anatomy, acquisition.spacing)
    places = _sampling_grid(anatomy, acquisition, shape)
    blurred = _apply_profile(anatomy, image, acquisition)
    scan = functional.grid_sample(
        blurred[None, None], places, mode="bilinear", padding_mode="border", align_corners=False
    )[0, 0]
    sampled = [_sample_label(label, places) for label in labels]
    if contrast is Contrast.CT:
        return _add_ct_noise(anatomy.random, scan), sampled
    return _add_mr_faults(anatomy.random, scan, shape), sampled


def _fitting_shape(anatomy: Anatomy, spacing: Steps) -> tuple[int, int, int]:
    x, y, z = (
        int(n * old / new) for n, old, new in zip(anatomy.grid.shape, anatomy.spacing, spacing, strict=True)
    )
    return x, y, z


def _apply_profile(anatomy: Anatomy, image: Tensor, acquisition: Acquisition) -> Tensor:
    """Blur along each axis by about the voxel or slice that will be read out there."""
    coarsest = max(acquisition.spacing)
    for axis, step in enumerate(acquisition.spacing):
        width = acquisition.thickness if acquisition.thickness and step == coarsest else step
        sigma = anatomy.random.uniform(0.35, 0.5) * width / anatomy.spacing[axis]
        image = gaussian_blur(image, sigma, axis)
    return image


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
    padded = functional.pad(image[None, None], padding, mode="replicate")
    return functional.conv3d(padded, weights.view(shape))[0, 0]


def _sampling_grid(anatomy: Anatomy, acquisition: Acquisition, shape: tuple[int, int, int]) -> Tensor:
    """Positions of the scan's voxels as `grid_sample` wants them: (1, X, Y, Z, 3), last axis z, y, x."""
    axes = []
    for k in range(3):
        index = torch.arange(shape[k], device=anatomy.grid.device).float()
        distance = (index + 0.5) * acquisition.spacing[k] + acquisition.offset[k]
        axes.append(distance / (anatomy.grid.shape[k] * anatomy.spacing[k]) * 2 - 1)
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([z, y, x], -1)[None]


def _sample_label(label: Tensor, places: Tensor) -> Tensor:
    sampled = functional.grid_sample(
        label[None, None].float(), places, mode="nearest", padding_mode="zeros", align_corners=False
    )
    return sampled[0, 0].to(torch.int16)


def _add_ct_noise(random: Randomness, scan: Tensor) -> Tensor:
    noise = gaussian_blur(random.field(tuple(scan.shape)), 0.5, 1)
    return scan + noise * random.uniform(8, 45)  # HU


def _add_mr_faults(random: Randomness, scan: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Surface coil (bright back), smooth gain, Rician noise, non-linear display."""
    device = scan.device
    if random.chance(0.8):
        back = torch.linspace(-1, 1, shape[1], device=device).view(1, -1, 1)
        head = torch.linspace(-1, 1, shape[2], device=device).view(1, 1, -1)
        scan = scan * torch.exp(random.uniform(0, 1.9) * back + random.uniform(-0.15, 0.15) * head)
    gain = random.field((1, 1, 3, 4, 4)) * random.uniform(0, 0.25)
    scan = scan * torch.exp(
        functional.interpolate(gain, size=shape, mode="trilinear", align_corners=True)[0, 0]
    )
    scan, sigma = scan.clamp(min=0), random.uniform(0.005, 0.06)
    real = scan + random.field(shape) * sigma
    magnitude = (real**2 + (random.field(shape) * sigma) ** 2).sqrt()
    distorted: Tensor = magnitude ** random.uniform(0.75, 1.35)
    return distorted
