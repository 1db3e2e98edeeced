"""What a scanner does to the truth: slice profile, sampling, coil, kernel, noise, and what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.anatomy.anatomy import Anatomy
from models.anatomy.blur import gaussian_blur, slab_size
from models.anatomy.contrast import Contrast
from models.anatomy.faults import add_ghosts, fold, spoil_around_metal
from models.anatomy.randomness import Randomness
from models.anatomy.streaks import add_streaks
from models.anatomy.tissues import Tissue

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
        CT gets a kernel, correlated Gaussian noise and the streaks of metal; MR gets coil fall-off, Rician
        noise, a gamma, the voids of metal and, now and then, folded edges and ghosts.
    acquisition : Acquisition
    labels : sequence of (X, Y, Z) tensors
        Label images to sample on the scan's grid, nearest neighbour.

    Returns
    -------
    scan : float32 tensor of the acquisition's shape
    labels : list of int16 tensors of the same shape
    """
    shape = acquisition.shape or _fitting_shape(anatomy, acquisition.spacing)
    axes = _sampling_axes(anatomy, acquisition, shape)
    spoilt = _spoil(anatomy, image, contrast)
    scan = _sample(_apply_profile(anatomy, spoilt, acquisition), axes, "bilinear", "border")
    sampled = [_sample(label.float(), axes, "nearest", "zeros").to(torch.int16) for label in labels]
    if contrast is Contrast.CT:
        return _add_ct_noise(anatomy.random, scan), sampled
    return _add_mr_faults(anatomy.random, scan, shape), sampled


def _spoil(anatomy: Anatomy, image: Tensor, contrast: Contrast) -> Tensor:
    """Let metal spoil what is around it."""
    metal = anatomy.tissues == Tissue.METAL
    if contrast is Contrast.CT:
        return add_streaks(anatomy.random, image, metal, anatomy.spacing[0])
    return spoil_around_metal(anatomy.random, image, metal, anatomy.spacing)


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


def _sampling_axes(
    anatomy: Anatomy, acquisition: Acquisition, shape: tuple[int, int, int]
) -> tuple[Tensor, ...]:
    """Positions of the scan's voxels along x, y, z, from -1 to 1 over the anatomy's field of view."""
    axes = []
    for k in range(3):
        index = torch.arange(shape[k], device=anatomy.grid.device).float()
        distance = (index + 0.5) * acquisition.spacing[k] + acquisition.offset[k]
        axes.append(distance / (anatomy.grid.shape[k] * anatomy.spacing[k]) * 2 - 1)
    return tuple(axes)


def _sample(image: Tensor, axes: tuple[Tensor, ...], mode: str, padding: str) -> Tensor:
    """Resample an (X, Y, Z) image to the given positions, slab by slab."""
    x, y, z = axes
    slabs = []
    for part in torch.split(x, slab_size((len(x), len(y), len(z)), 0)):
        i, j, k = torch.meshgrid(part, y, z, indexing="ij")
        places = torch.stack([k, j, i], -1)[None]  # (1, X, Y, Z, 3): grid_sample counts axes from the last
        slabs.append(
            functional.grid_sample(
                image[None, None], places, mode=mode, padding_mode=padding, align_corners=False
            )[0, 0]
        )
    return torch.cat(slabs)


def _add_ct_noise(random: Randomness, scan: Tensor) -> Tensor:
    """Sharpen as a bone kernel does, in half of the scans, and add noise that is alike along y."""
    if random.chance(0.5):
        smooth = gaussian_blur(gaussian_blur(scan, 1.0, 0), 1.0, 1)
        scan = scan + random.uniform(0.2, 1.2) * (scan - smooth)
    noise = gaussian_blur(random.field(tuple(scan.shape)), 0.5, 1)
    return noise.mul_(random.uniform(8, 45)).add_(scan)  # HU


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
    if random.chance(0.15):
        magnitude = fold(random, magnitude)
    if random.chance(0.2):
        magnitude = add_ghosts(random, magnitude)
    distorted: Tensor = magnitude ** random.uniform(0.75, 1.35)
    return distorted
