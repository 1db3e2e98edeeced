"""Scans that the axial network learns from.

SEED_K_CONTRAST.npz holds `i` (z, x, y) float16 signal and `l` uint8 classes: 1 to 8 muscles, 9 spine,
10 canal.
"""

import numpy as np
from torch import Tensor

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, render
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


def _scan_axial(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """T2, random, then any; slices of 4 to 8 mm, 1.5 mm in plane."""
    others = (Contrast.WATER, Contrast.FAT, Contrast.T1, Contrast.T2)
    third = choose(protocol, others, [0.35, 0.25, 0.2, 0.2])
    contrast = (Contrast.T2, Contrast.RANDOM, third)[number]
    step = protocol.uniform(4, 8)
    offset = protocol.uniform(0, 12), protocol.uniform(0, 8), protocol.uniform(0, 12)
    thickness = step * protocol.uniform(0.6, 1)
    image, (instances,) = acquire(
        anatomy,
        render(anatomy, contrast),
        contrast,
        Acquisition((1.5, 1.5, step), thickness, offset, (208, 168, int(220 / step))),
        [anatomy.instances],
    )
    arrays = {
        "i": _slices_first(image).astype(np.float16),
        "l": _slices_first(_axial_classes(instances)),
    }
    return Scan(f"{seed:05d}_{number}_{contrast}.npz", arrays)


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


AXIAL = Recipe(((-165, 165), (-150, 115), (-120, 120)), (1.5, 1.5, 3.0), 3, _scan_axial)
