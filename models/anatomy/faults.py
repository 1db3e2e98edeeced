"""What goes wrong in an MR scan besides noise: folded edges, ghosts of moving organs, voids around metal."""

import torch
from torch import Tensor

from models.anatomy.blur import gaussian_blur
from models.anatomy.randomness import Randomness

VOID_MM = (2.0, 5.0)  #: how far metal's field spoils the signal; titanium at the low end
PHASE_AXES = (1, 2)  #: y or z: along x, a sagittal scan has its slices


def spoil_around_metal(
    random: Randomness, image: Tensor, metal: Tensor, spacing: tuple[float, ...]
) -> Tensor:
    """Put a void with a bright rim around metal, as susceptibility does in fast spin echo.

    Parameters
    ----------
    random : Randomness
    image : (X, Y, Z) float32 tensor
        Signal.
    metal : (X, Y, Z) bool tensor
    spacing : three floats
        mm.
    """
    if not metal.any():
        return image
    reach = random.uniform(*VOID_MM)
    halo = metal.float()
    for axis, step in enumerate(spacing):
        halo = gaussian_blur(halo, reach / step, axis)
    rim = (halo > 0.02) & (halo < 0.06)
    signal = image * (1 - (halo / 0.08).clamp(max=1))
    return torch.where(rim, signal + image.mean() * random.uniform(0, 3), signal)


def fold(random: Randomness, image: Tensor) -> Tensor:
    """Fold what lies beyond one edge of the field of view over the opposite edge (aliasing)."""
    axis = PHASE_AXES[int(random.chance(0.5))]
    count = max(1, int(image.shape[axis] * random.uniform(0.02, 0.15)))
    weight = random.uniform(0.1, 0.7)
    first, last = image.narrow(axis, 0, count), image.narrow(axis, image.shape[axis] - count, count)
    folded = image.clone()
    into, beyond = (first, last) if random.chance(0.5) else (last, first)
    start = 0 if into is first else image.shape[axis] - count
    folded.narrow(axis, start, count).add_(beyond * weight)
    return folded


def add_ghosts(random: Randomness, image: Tensor) -> Tensor:
    """Repeat the image faintly along the phase axis, as breathing and pulsation do."""
    axis = PHASE_AXES[int(random.chance(0.5))]
    shift = int(image.shape[axis] * random.uniform(0.06, 0.3))
    strength = random.uniform(0.02, 0.12)
    ghosts = torch.roll(image, shift, axis) + torch.roll(image, -shift, axis)
    return image + strength * ghosts
