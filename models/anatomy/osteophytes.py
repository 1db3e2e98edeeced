"""Bony spurs at the rims of worn discs, and the bridges they grow into."""

import math

import torch

from models.anatomy.canvas import Canvas
from models.anatomy.disc import Space, shape_space
from models.anatomy.randomness import Randomness
from models.anatomy.scene import Scene
from models.anatomy.tissues import FIRST_VERTEBRA, SACRUM, Tissue

APART = 1.2  # mm, half the gap between spurs that do not meet


def paint_osteophytes(scene: Scene) -> None:
    """Paint spurs and bridges; each half belongs to the nearer vertebra."""
    findings = scene.spine.pathology
    for disc in scene.spine.discs:
        spur, bridged = findings.spurs.get(disc.index, 0.0), disc.index in findings.bridges
        if spur <= 0 and not bridged:
            continue
        found = shape_space(scene, disc)
        if found is None:
            continue
        part, space = found
        if spur > 0:
            for _ in range(int(scene.random.numbers.integers(1, 4))):
                _paint_spur(scene.random, part, space, disc.index, spur, bridged=False)
        if bridged:
            _paint_spur(scene.random, part, space, disc.index, scene.random.uniform(5, 9), bridged=True)


def _paint_spur(
    random: Randomness, part: Canvas, space: Space, index: int, size: float, *, bridged: bool
) -> None:
    """Lump at a place of the rim in front or at a side, across the disc or parted by it."""
    u, v, w = space.local
    angle = math.radians(random.uniform(-95, 95))  # from the front
    x, y = math.sin(angle) * space.width, -math.cos(angle) * space.depth
    along = (u - x) * math.cos(angle) + (v - y) * math.sin(angle)
    half = space.height / 2 + size * random.uniform(0.8, 1.5) + 2
    lump = (
        (along / (size * random.uniform(1.2, 2.5))) ** 2
        + ((space.rim + 0.3 * size) / size) ** 2
        + (w / half) ** 2
    )
    free = (part.instances < FIRST_VERTEBRA) | (part.instances > SACRUM)
    inside = (lump < 1) & free & (v < 0.4 * space.depth)  # the foramina stay open
    if not bridged:
        inside = inside & (w.abs() > APART) & (space.plate < size * 0.7 + 1)
    below = SACRUM if index == 0 else FIRST_VERTEBRA + index - 1
    for half_space, label in ((w <= 0, below), (w > 0, FIRST_VERTEBRA + index)):
        cortex, marrow = (
            (Tissue.SACRUM_CORTEX, Tissue.SACRUM_MARROW)
            if label == SACRUM
            else (Tissue.BODY_CORTEX, Tissue.BODY_MARROW)
        )
        part.paint_bone(inside & half_space, torch.as_tensor(lump > 0.45), cortex, marrow, label)
