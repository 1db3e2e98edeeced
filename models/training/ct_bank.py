"""Scans that the coarse CT network learns from.

SEED_K.npz holds `i` (x, y, z) float16 HU at about 3 mm; `sem` uint8 classes; `lev` uint8 vertebra (1 is L5, 8
the sacrum); `C` (7, 3) float32 centres of L5 … T11 in voxels; `z` scale of the voxels.
"""

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, render
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, LAST_DISC, LAST_VERTEBRA, SACRUM
from models.training.recipe import Array, Recipe, Scan, between, posterior


def _scan(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """Cubic voxels of 2.7 to 3.3 mm."""
    scale = protocol.uniform(0.9, 1.1)
    step = 3 * scale
    offset = protocol.uniform(0, 2, 3)
    x, y, z = (float(v) for v in offset)
    image, labels = acquire(
        anatomy,
        render(anatomy, Contrast.CT),
        Contrast.CT,
        Acquisition((step,) * 3, offset=(x, y, z), shape=(90, 84, 122)),
        [anatomy.instances, anatomy.tissues, anatomy.first_sacral],
    )
    instances, tissues, first_sacral = (label.numpy() for label in labels)
    vertebra = between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    low = np.array([low for low, _ in anatomy.grid.field_of_view])
    arrays = {
        "i": image.numpy().astype(np.float16),
        "sem": _classes(instances, tissues, first_sacral),
        "lev": np.where(vertebra | (instances == SACRUM), instances, 0).astype(np.uint8),
        "C": ((anatomy.body_centres - low - offset) / step - 0.5).astype(np.float32),
        "z": np.float64(scale),
    }
    return Scan(f"{seed:05d}_{number}.npz", arrays)


def _classes(instances: Array, tissues: Array, first_sacral: Array) -> NDArray[np.uint8]:
    """1 body, 2 posterior, 3 sacrum, 4 disc, 5 S1."""
    classes = np.zeros(instances.shape, np.uint8)
    vertebra = between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    classes[vertebra] = 1
    classes[vertebra & posterior(tissues)] = 2
    classes[instances == SACRUM] = 3
    classes[(instances == SACRUM) & (first_sacral > 0)] = 5
    classes[between(instances, FIRST_DISC, LAST_DISC)] = 4
    return classes


CT = Recipe(((-140, 140), (-150, 115), (-235, 150)), 2.0, 2, _scan)
