"""Scans that the axial network learns from.

SEED_K_CONTRAST.npz holds `i` (z, x, y) float16 signal and `l` uint8 classes: 1 to 8 muscles, 9 spine,
10 canal.
"""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.anatomy import Acquisition, Anatomy, Contrast, Tissue, acquire, render
from models.anatomy.fields import smooth_field
from models.anatomy.tissues import (
    CANAL,
    FIRST_DISC,
    FIRST_MUSCLE,
    FIRST_VERTEBRA,
    LAST_DISC,
    LAST_MUSCLE,
    SACRUM,
)
from models.training.recipe import Array, Recipe, Scan, choose

LENGTH = 240.0  # mm of the column that a scan covers
TILTED = 0.5  #: share of the scans whose slices follow the discs rather than the patient's axis
STEEPEST = 25.0  # degrees
ALIKE = 0.35  #: share of the scans whose organs look like muscle
ORGANS = (Tissue.SOFT_ORGAN, Tissue.FLUID_ORGAN, Tissue.BRIGHT_ORGAN, Tissue.KIDNEY, Tissue.LIVER)


def _scan_axial(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """T2, one of a Dixon pair, then any; slices of 3 to 8 mm with gaps, 1.5 mm in plane."""
    contrast = _choose_contrast(protocol, number)
    step = protocol.uniform(3, 8)
    offset = protocol.uniform(0, 12), protocol.uniform(0, 8), protocol.uniform(0, 12)
    thickness = step * protocol.uniform(0.6, 1)
    if protocol.uniform() < TILTED:
        anatomy = tilt(anatomy, float(np.clip(protocol.normal(0, 12), -STEEPEST, STEEPEST)))
    image, (instances,) = acquire(
        anatomy,
        _match_organs(anatomy, protocol, _mix_fat(anatomy, protocol, render(anatomy, contrast))),
        contrast,
        Acquisition((1.5, 1.5, step), thickness, offset, (208, 184, int(LENGTH / step))),
        [anatomy.instances],
    )
    arrays = {
        "i": _slices_first(image).astype(np.float16),
        "l": _slices_first(_axial_classes(instances)),
    }
    return Scan(f"{seed:05d}_{number}_{contrast}.npz", arrays)


def _choose_contrast(protocol: np.random.Generator, number: int) -> Contrast:
    dixon = choose(protocol, (Contrast.WATER, Contrast.FAT), [0.55, 0.45])
    others = (Contrast.RANDOM, Contrast.T1, Contrast.T2, Contrast.WATER)
    return (Contrast.T2, dixon, choose(protocol, others, [0.45, 0.25, 0.15, 0.15]))[number]


def tilt(anatomy: Anatomy, degrees: float) -> Anatomy:
    """Turn a person about the left-right axis through the middle of the field of view.

    The slices of a tilted stack are oblique to the person; turning the person keeps the scanner's grid.
    """
    angle = math.radians(degrees)
    c, s = math.cos(angle), math.sin(angle)
    y, z = anatomy.grid.axes()[1:]
    (y_low, y_high), (z_low, z_high) = anatomy.grid.field_of_view[1:]
    y_middle, z_middle = (y_low + y_high) / 2, (z_low + z_high) / 2
    back, up = torch.meshgrid(y - y_middle, z - z_middle, indexing="ij")
    places = torch.stack(
        [(s * back + c * up) * 2 / (z_high - z_low), (c * back - s * up) * 2 / (y_high - y_low)], -1
    )[None]

    def turn(labels: Tensor) -> Tensor:
        planes = labels[None].float()  # left to right as channels
        return functional.grid_sample(planes, places, mode="nearest", align_corners=False)[0].to(labels.dtype)

    return replace(anatomy, tissues=turn(anatomy.tissues), instances=turn(anatomy.instances))


def _mix_fat(anatomy: Anatomy, protocol: np.random.Generator, image: Tensor) -> Tensor:
    """Let the fat in muscle fade into it: a voxel holds fibres and fat between them."""
    muscle, fat = anatomy.tissues == Tissue.MUSCLE, anatomy.tissues == Tissue.MUSCLE_FAT
    if not muscle.any():
        return image
    share = protocol.uniform(0.25, 1.1) + 0.25 * smooth_field(anatomy.random, anatomy.grid, 1, 8)[0]
    mixed = torch.lerp(image[muscle].mean(), image, share.clamp(0.05, 1))
    return torch.where(fat, mixed, image)


def _match_organs(anatomy: Anatomy, protocol: np.random.Generator, image: Tensor) -> Tensor:
    """In a third of the scans, give bowel, liver and kidneys about the signal of muscle."""
    muscle = anatomy.tissues == Tissue.MUSCLE
    if protocol.uniform() > ALIKE or not muscle.any():
        return image
    level = image[muscle].mean()
    for tissue in ORGANS:
        organ = anatomy.tissues == tissue
        if organ.any():
            alike = image + (level * float(protocol.uniform(0.85, 1.2)) - image[organ].mean())
            image = torch.where(organ, alike, image)
    return image


def _axial_classes(instances: Tensor) -> Tensor:
    """1 to 8 muscles, 9 vertebrae, sacrum and discs, 10 canal."""
    classes = instances.new_zeros(instances.shape)
    muscle = (instances >= FIRST_MUSCLE) & (instances <= LAST_MUSCLE)
    classes[muscle] = instances[muscle] - (FIRST_MUSCLE - 1)
    bone = (instances >= FIRST_VERTEBRA) & (instances <= SACRUM)
    classes[bone | ((instances >= FIRST_DISC) & (instances <= LAST_DISC))] = 9
    classes[instances == CANAL] = 10
    return classes.byte()


def _slices_first(volume: Tensor) -> Array:
    return volume.numpy().transpose(2, 0, 1)


AXIAL = Recipe(((-165, 165), (-154, 130), (-126, 126)), (1.5, 1.5, 3.0), 3, _scan_axial)
