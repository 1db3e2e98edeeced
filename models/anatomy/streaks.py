"""Streaks of metal on CT: beam hardening and photon starvation, through projections of the metal alone.

The metal of each axial slice is projected over half a turn; what the scanner would misjudge of each ray is
filtered and projected back, as in filtered back projection (Kak & Slaney 1988, chapter 3).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from models.anatomy.randomness import Randomness

ANGLES = 48
HARDENING = (6e3, 20e3)  #: HU mm that a ray through 10 mm of metal loses, about a tenth to a quarter
STARVATION = (0.0, 0.35)  #: noise of a ray, as a share of its misjudgement


def add_streaks(random: Randomness, image: Tensor, metal: Tensor, spacing: float) -> Tensor:
    """Add the streaks of metal to a CT.

    Parameters
    ----------
    random : Randomness
    image : (X, Y, Z) float32 tensor
        Hounsfield units.
    metal : (X, Y, Z) bool tensor
    spacing : float
        Edge length of a voxel in the axial plane, mm.
    """
    slices = metal.any(0).any(0).nonzero()[:, 0]
    if not len(slices):
        return image
    strength, starvation = random.uniform(*HARDENING) / spacing, random.uniform(*STARVATION)
    planes = metal[:, :, slices].permute(2, 0, 1).float()[None]  # (1, slices, X, Y)
    streaks = torch.zeros_like(planes)
    for k in range(ANGLES):
        angle = math.pi * k / ANGLES
        length = _turn(planes, angle).sum(3) * spacing / 10  # cm of metal along each ray
        error = length**2 * (1 + starvation * random.field(tuple(length.shape)))
        rays = _ramp(error)[..., None].expand_as(planes)
        streaks += _turn(rays, -angle)
    result = image.clone()
    result[:, :, slices] -= (streaks[0] * strength * math.pi / ANGLES).permute(1, 2, 0)
    return torch.where(metal, image, result)


def _turn(planes: Tensor, angle: float) -> Tensor:
    """Turn (1, S, X, Y) planes about their middle."""
    c, s = math.cos(angle), math.sin(angle)
    ratio = planes.shape[2] / planes.shape[3]
    matrix = torch.tensor([[[c, s * ratio, 0], [-s / ratio, c, 0]]], device=planes.device)
    grid = functional.affine_grid(matrix, list(planes.shape), align_corners=False)
    return functional.grid_sample(planes, grid, align_corners=False)


def _ramp(rays: Tensor) -> Tensor:
    """Filter (1, S, X) rays with a ramp, smoothed towards high frequencies."""
    frequency = torch.fft.rfftfreq(rays.shape[2], device=rays.device)
    window = 0.5 + 0.5 * torch.cos(2 * math.pi * frequency)
    filtered: Tensor = torch.fft.irfft(torch.fft.rfft(rays) * frequency * window, n=rays.shape[2])
    return filtered
