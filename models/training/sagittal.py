"""Teaching the sagittal network: each slice with its two neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.anatomy.randomness import Randomness
from models.training.augment import (
    bend,
    cut,
    cut_labels,
    in_plane,
    jitter,
    neighbours,
    normalise,
    pick,
    shade,
    soften,
)
from models.training.batch import Batch, Scan, Teaching, stack
from models.training.sagittal_bank import CORTEX

BATCH = 8
PATCH = (128, 176)  # 1.25 mm: 160 mm front to back, 220 mm feet to head


def load_sagittal(path: Path) -> Scan:
    """Read a file of the sagittal bank."""
    with np.load(path) as stored:
        image, classes = stored["i"].astype(np.float32), stored["l"].copy()
    classes[classes == CORTEX] = 0  # background, as readers outline bodies on MR
    return Scan(normalise(torch.from_numpy(image)).half(), torch.from_numpy(classes)[None])


def draw_sagittal(random: Randomness, scans: Sequence[Scan], patch: tuple[int, int] = PATCH) -> Batch:
    """Draw a batch of sagittal patches."""
    return stack([_sample(random, pick(random, scans), patch) for _ in range(BATCH)])


def _sample(random: Randomness, scan: Scan, patch: tuple[int, int]) -> tuple[Tensor, Tensor]:
    x, index = neighbours(random, scan.image)
    height, width = x.shape[1:]
    if random.chance(0.5):  # left and right sides look alike
        x = x.flip(0)
    if random.chance(0.1):  # a single slice
        x = x[1:2].repeat(3, 1, 1)
    matrix = in_plane(random, 0.17, (0.78, 1.28), (0.9, 1.1))
    centre = np.array([random.uniform(45, height - 45), random.uniform(55, width - 55)])
    padding = "zeros" if random.chance(0.5) else "border"  # zeros: the field of view ends in the patch
    x = cut(x - x.min(), matrix, centre, patch, padding=padding)
    classes = cut_labels(scan.labels[:, index], matrix, centre, patch)[0]
    x = bend(random, normalise(shade(random, soften(random, x, 0.3), 0.4)), 0.5)
    return jitter(random, x, gain=(0.7, 1.35), shift=(-0.3, 0.3), noise=0.2), classes


SAGITTAL = Teaching(load_sagittal, draw_sagittal)
