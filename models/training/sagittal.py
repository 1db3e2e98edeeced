"""Teaching the sagittal network: each slice with its two neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.anatomy.contrast import Contrast
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
DARK_MARROW = (Contrast.T2_WATER, Contrast.STIR, Contrast.WATER)  #: as dark as the cortex around it
BACKGROUND, BODY, S1, LUMBOSACRAL_DISC = 0, 1, 6, 7  #: classes
CUT_AT_S1 = 0.3  #: share of patches that end where level counts are made or lost
PATCH = (128, 176)  # 1.25 mm: 160 mm front to back, 220 mm feet to head


def load_sagittal(path: Path) -> Scan:
    """Read a file of the sagittal bank; bodies are what readers outline, who cannot see dark from dark."""
    contrast = Contrast(path.stem.split("_", 2)[2])
    with np.load(path) as stored:
        image, classes = stored["i"].astype(np.float32), stored["l"].copy()
    classes[classes == CORTEX] = BODY if contrast in DARK_MARROW else BACKGROUND
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
    middle = random.uniform(55, width - 55)
    if random.chance(CUT_AT_S1):
        middle = _edge_in_s1(random, scan.labels) + patch[1] / 2 * abs(matrix[1, 1])
    centre = np.array([random.uniform(45, height - 45), middle])
    padding = "zeros" if random.chance(0.5) else "border"  # zeros: the field of view ends in the patch
    x = cut(x - x.min(), matrix, centre, patch, padding=padding)
    classes = cut_labels(scan.labels[:, index], matrix, centre, patch)[0]
    x = bend(random, normalise(shade(random, soften(random, x, 0.3), 0.4)), 0.5)
    return jitter(random, x, gain=(0.7, 1.35), shift=(-0.3, 0.3), noise=0.2), classes


def _edge_in_s1(random: Randomness, labels: Tensor) -> float:
    """Draw a height within S1 and the disc above it, for the field of view to end at."""
    heights = ((labels == S1) | (labels == LUMBOSACRAL_DISC)).flatten(0, 2).any(0).nonzero()[:, 0]
    return random.uniform(float(heights.min()), float(heights.max())) if len(heights) else 0.0


SAGITTAL = Teaching(load_sagittal, draw_sagittal)
