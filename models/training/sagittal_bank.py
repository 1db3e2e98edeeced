"""Scans that the sagittal network learns from.

SEED_K_CONTRAST.npz holds `i` (x, y, z) float16 signal in 16 slices and `l` uint8 classes.
"""

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Acquisition, Anatomy, Contrast, Tissue, acquire, render
from models.anatomy.tissues import CANAL, FIRST_DISC, FIRST_VERTEBRA, LAST_DISC, LAST_VERTEBRA, SACRUM
from models.training.recipe import Array, Recipe, Scan, between, choose, posterior

CORTEX = 8  #: cortex of a body: readers outline the marrow
FAT_SUPPRESSED = (Contrast.T2_WATER, Contrast.STIR, Contrast.WATER, Contrast.FAT)
LUMBOSACRAL = FIRST_DISC


def _scan(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """T2, T1, one with fat suppressed or alone, then any; 16 slices of 3.2 to 5.4 mm, 1.25 mm in plane."""
    third = choose(protocol, FAT_SUPPRESSED, [0.4, 0.25, 0.2, 0.15])
    fourth = choose(protocol, (Contrast.RANDOM, Contrast.T2), [0.7, 0.3])
    contrast = (Contrast.T2, Contrast.T1, third, fourth)[number]
    step = protocol.uniform(3.2, 5.4)
    offset = ((84 - 16 * step) / 2 + protocol.uniform(-4, 4), protocol.uniform(0, 4), 0.0)
    thickness = step * protocol.uniform(0.75, 1)
    image, (instances, tissues, first_sacral) = acquire(
        anatomy,
        render(anatomy, contrast),
        contrast,
        Acquisition((step, 1.25, 1.25), thickness, offset, (16, 160, 240)),
        [anatomy.instances, anatomy.tissues, anatomy.first_sacral],
    )
    classes = _classes(instances.numpy(), tissues.numpy(), first_sacral.numpy())
    return Scan(f"{seed:05d}_{number}_{contrast}.npz", {"i": image.half().numpy(), "l": classes})


def _classes(instances: Array, tissues: Array, first_sacral: Array) -> NDArray[np.uint8]:
    """1 body, 2 disc, 3 sacrum, 4 canal, 5 posterior, 6 S1, 7 L5-S1 disc, 8 cortex of a body."""
    classes = np.zeros(instances.shape, np.uint8)
    vertebra = between(instances, FIRST_VERTEBRA, LAST_VERTEBRA)
    classes[vertebra] = 1
    classes[vertebra & (tissues == Tissue.BODY_CORTEX)] = CORTEX
    classes[vertebra & posterior(tissues)] = 5
    classes[between(instances, FIRST_DISC, LAST_DISC)] = 2
    classes[instances == LUMBOSACRAL] = 7
    classes[instances == SACRUM] = 3
    classes[(instances == SACRUM) & (first_sacral > 0)] = 6
    classes[instances == CANAL] = 4
    return classes


SAGITTAL = Recipe(((-42, 42), (-110, 95), (-150, 150)), 1.5, 4, _scan)
