"""From tissues to intensities, before any scanner."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.anatomy import Anatomy
from models.anatomy.contrast import TABLES, Contrast
from models.anatomy.fields import smooth_field
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, Tissue

Levels = NDArray[np.float64]
"""One number per tissue, indexed by `Tissue`."""

MARROWS = (Tissue.RIB_MARROW, Tissue.POSTERIOR_MARROW, Tissue.SACRUM_MARROW)
CORTICES = (Tissue.POSTERIOR_CORTEX, Tissue.RIB_CORTEX, Tissue.SACRUM_CORTEX)
FATS = (Tissue.SUBCUTANEOUS_FAT, Tissue.FAT, Tissue.EPIDURAL_FAT, Tissue.MUSCLE_FAT)


def render(anatomy: Anatomy, contrast: Contrast) -> Tensor:
    """Give every voxel an intensity.

    Parameters
    ----------
    anatomy : Anatomy
        Its random stream is advanced.
    contrast : Contrast

    Returns
    -------
    (X, Y, Z) float32 tensor
        Hounsfield units for CT, relative signal for MR.
    """
    random = anatomy.random
    mean, deviation = _draw_levels(random.numbers, contrast)
    _adjust(random.numbers, contrast, mean)
    device = anatomy.grid.device
    tissues = anatomy.tissues.long()
    image = torch.tensor(mean, dtype=torch.float32, device=device)[tissues]
    if contrast in (Contrast.T2, Contrast.T2_WATER, Contrast.STIR):
        _darken_worn_discs(anatomy, image, float(mean[Tissue.ANNULUS]))
    if contrast is not Contrast.CT:
        _vary_vertebrae(anatomy, image)
    texture = smooth_field(random, anatomy.grid, 1, 5)[0] * 0.6
    texture = texture + random.field(anatomy.grid.shape) * 0.6
    texture = texture + smooth_field(random, anatomy.grid, 1, 14)[0] * 0.4
    return image + torch.tensor(deviation, dtype=torch.float32, device=device)[tissues] * texture


def _draw_levels(numbers: np.random.Generator, contrast: Contrast) -> tuple[Levels, Levels]:
    """Mean and texture of every tissue, tissue by tissue."""
    mean, deviation = np.zeros(len(Tissue)), np.zeros(len(Tissue))
    for tissue in Tissue:
        if contrast is Contrast.RANDOM:
            mean[tissue], deviation[tissue] = numbers.uniform(0, 1), numbers.uniform(0, 0.06)
        else:
            centre, spread = TABLES[contrast][tissue]
            mean[tissue] = numbers.normal(centre, spread * 0.7)
            deviation[tissue] = spread * numbers.uniform(0.1, 0.5)
    return mean, deviation


def _adjust(numbers: np.random.Generator, contrast: Contrast, mean: Levels) -> None:
    """Change the means in place as one scan does."""
    if contrast is Contrast.CT:
        _adjust_ct(numbers, mean)
        return
    if contrast is not Contrast.RANDOM:
        mean[:] = np.clip(mean, 0.01, None)
    if numbers.random() < 0.85:
        _align_kindred(numbers, mean)
    if contrast in (Contrast.T1, Contrast.T2) and numbers.random() < 0.15:
        _suppress_fat(numbers, mean)
    if contrast is Contrast.T2:
        mean[Tissue.ANNULUS] = numbers.uniform(0.06, 0.4)


def _align_kindred(numbers: np.random.Generator, mean: Levels) -> None:
    """Keep bones alike, muscles alike and fats alike."""
    for tissue in MARROWS:
        mean[tissue] = mean[Tissue.BODY_MARROW] * numbers.uniform(0.85, 1.2)
    for tissue in CORTICES:
        mean[tissue] = mean[Tissue.BODY_CORTEX] * numbers.uniform(0.7, 1.3)
    mean[Tissue.ABDOMINAL_WALL] = mean[Tissue.MUSCLE] * numbers.uniform(0.85, 1.2)
    mean[Tissue.EPIDURAL_FAT] = mean[Tissue.FAT] * numbers.uniform(0.8, 1.1)
    mean[Tissue.MUSCLE_FAT] = mean[Tissue.FAT] * numbers.uniform(0.7, 1.05)


def _suppress_fat(numbers: np.random.Generator, mean: Levels) -> None:
    """One in seven scans is fat-suppressed."""
    rest = numbers.uniform(0.1, 0.4)
    for tissue in FATS:
        mean[tissue] *= rest
    for tissue in (Tissue.BODY_MARROW, *MARROWS):
        mean[tissue] *= 0.5


def _adjust_ct(numbers: np.random.Generator, mean: Levels) -> None:
    """Bone density of the person, oral and intravenous contrast medium."""
    density = numbers.uniform(-60, 90)
    for tissue in (Tissue.BODY_MARROW, *MARROWS):
        mean[tissue] += density
    if numbers.random() < 0.3:
        mean[Tissue.FLUID_ORGAN] = numbers.uniform(80, 450)
    if numbers.random() < 0.5:
        mean[Tissue.LIVER] += numbers.uniform(0, 60)
        mean[Tissue.AORTA] += numbers.uniform(80, 300)
        mean[Tissue.VENA_CAVA] += numbers.uniform(20, 150)
        mean[Tissue.KIDNEY] += numbers.uniform(60, 180)


def _darken_worn_discs(anatomy: Anatomy, image: Tensor, annulus: float) -> None:
    """On T2, a nucleus fades to the signal of the annulus with wear (Pfirrmann's grades)."""
    nucleus = anatomy.tissues == Tissue.NUCLEUS
    for disc in anatomy.spine.discs:
        fresh = anatomy.random.uniform(0.55, 1.0)
        signal = fresh * (1 - disc.degeneration) + annulus * disc.degeneration
        image.masked_fill_(nucleus & (anatomy.instances == FIRST_DISC + disc.index), signal)


def _vary_vertebrae(anatomy: Anatomy, image: Tensor) -> None:
    """Vertebrae of one person differ in signal by a few percent."""
    for level in range(len(anatomy.spine.vertebrae)):
        gain = anatomy.random.uniform(0.93, 1.07)
        image.mul_(torch.where(anatomy.instances == FIRST_VERTEBRA + level, gain, 1.0))
