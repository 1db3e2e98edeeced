"""The spinal canal with its fat, dural sac, cord and roots."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.scene import L1, Profile, Scene
from models.anatomy.tissues import (
    CANAL,
    FIRST_DISC,
    FIRST_VERTEBRA,
    LAST_DISC,
    LAST_VERTEBRA,
    Tissue,
)

SACRAL_TAPER = (1.0, 1.0, 0.75, 0.55, 0.4, 0.15)  # of the canal, at the segments' middles; last S5


@dataclass(frozen=True, eq=False)
class Canal:
    """The bony canal and the dural sac in it.

    Attributes
    ----------
    distance : (X, Y, Z) float32 tensor
        mm to the wall of the bony canal, negative inside.
    sac : (X, Y, Z) bool tensor
    """

    distance: Tensor
    sac: Tensor


def shape_canal(scene: Scene) -> Canal:
    """Elliptic canal: tapering in the sacrum, pinched at worn discs, stretched where the spine is tilted."""
    spine = scene.spine
    heights = [body.centre[2] for body in reversed(spine.sacrum)]
    sizes = [0.05, *reversed(SACRAL_TAPER[-len(heights) :])]
    taper = np.interp(scene.heights, [heights[0] - 6, *heights], sizes)
    pinch = _draw_pinch(scene)
    stretch = 1 / np.clip(np.cos(_tilt(scene)), 0.5, 1)
    width, depth = spine.canal_width, spine.canal_depth
    across = scene.left / scene.column(width * taper * (0.7 + 0.3 * pinch))
    deep = scene.back / scene.column(depth * taper * stretch)
    deep = deep / (1 + (deep > 0) * scene.column(_recess(scene)))
    radius = (across**2 + deep**2).sqrt().clamp(min=0.05)
    reach = (scene.left**2 + (scene.back * scene.column(1 / stretch)) ** 2).sqrt()
    ended = pinch * np.sqrt(np.clip((scene.heights - _end_of_sac(scene)) / 18, 0, 1))
    fill = scene.column(np.maximum(ended * taper, 0.01))
    sac: Tensor = (scene.left / (width * 0.82 * fill)) ** 2 + (
        (scene.back + scene.column(0.5 * pinch)) / (fill * scene.column(depth * 0.86 * stretch))
    ) ** 2 < 1
    return Canal(reach * (1 - 1 / radius), sac)


def _end_of_sac(scene: Scene) -> float:
    """Height of the sac's tip, mm: at S2, now and then at S1 or S3.

    Macdonald et al., Clin Anat 1999;12(3):149-152.
    """
    first, second = (scene.spine.sacrum[k].centre[2] for k in (-5, -4))
    return float(second + scene.random.normal(0, 0.5) * (first - second))


def _draw_pinch(scene: Scene) -> Profile:
    """1 where the canal is free, less at stenoses; they lie at half of the worn discs."""
    random, pinch = scene.random, np.ones_like(scene.heights)
    for disc, body in zip(scene.spine.discs, scene.spine.vertebrae, strict=True):
        if disc.degeneration > 0.5 and random.chance(0.5):
            depth = random.uniform(0.1, 0.5)
            height = (body.centre - body.axes[:, 2] * (body.half_height + disc.height / 2))[2]
            pinch = pinch * (1 - depth * np.exp(-(((scene.heights - height) / 5) ** 2)))
    return pinch


def _recess(scene: Scene) -> Profile:
    """By how much fat widens the canal backward between the laminae, as a fraction."""
    depth = scene.random.uniform(0.0, 0.5)
    recess = np.zeros_like(scene.heights)
    for disc, body in zip(scene.spine.discs, scene.spine.vertebrae, strict=True):
        height = (body.centre - body.axes[:, 2] * (body.half_height + disc.height))[2]
        recess += depth * np.exp(-(((scene.heights - height) / 7) ** 2))
    return recess


def _tilt(scene: Scene) -> Profile:
    """Pitch of the spine at each plane, radians."""
    bodies = (*reversed(scene.spine.sacrum), *scene.spine.vertebrae)
    return np.interp(scene.heights, [b.centre[2] for b in bodies], [b.tilt for b in bodies])


def paint_canal(scene: Scene, canal: Canal) -> None:
    """Paint fat, sac, cord and roots over what bodies and discs leave free; posterior bone gives way."""
    canvas, random = scene.canvas, scene.random
    tissues, instances = canvas.tissues, canvas.instances
    posterior = (tissues == Tissue.POSTERIOR_CORTEX) | (tissues == Tissue.POSTERIOR_MARROW)
    body = (instances >= FIRST_VERTEBRA) & (instances <= LAST_VERTEBRA) & ~posterior
    disc = (instances >= FIRST_DISC) & (instances <= LAST_DISC)
    free = (canal.distance < 0) & ~body & ~disc
    canvas.paint(free, Tissue.EPIDURAL_FAT, CANAL)
    sac = canal.sac & free
    canvas.paint(sac, Tissue.CEREBROSPINAL_FLUID)
    conus = scene.height_of(L1) + random.uniform(-15, 22)
    _paint_cord(scene, sac, conus)
    _paint_roots(scene, sac, conus)


def _paint_cord(scene: Scene, sac: Tensor, conus: float) -> None:
    radius = scene.random.uniform(3.8, 5.2)
    growth = np.sqrt(np.clip((scene.heights - conus) / 18, 0, 1))
    cord = (scene.left / scene.column(radius * 1.15 * growth + 1e-3)) ** 2 + (
        (scene.back - 1) / scene.column(radius * 0.9 * growth + 1e-3)
    ) ** 2 < 1
    scene.canvas.paint(cord & sac, Tissue.CORD)


def _paint_roots(scene: Scene, sac: Tensor, conus: float) -> None:
    """Nerve roots of the cauda equina, wavering together."""
    random, spine = scene.random, scene.spine
    waver = smooth_field(random, scene.canvas.grid, 2, 9) * 0.8
    for _ in range(int(random.numbers.integers(6, 14))):
        x = random.uniform(-0.65, 0.65) * spine.canal_width
        y = random.uniform(-0.1, 0.6) * spine.canal_depth
        near = (scene.left - x - waver[0]) ** 2 + (scene.back - y - waver[1]) ** 2
        root = (near < random.uniform(0.7, 1.2) ** 2) & (scene.up < conus + 15) & sac
        scene.canvas.paint(root, Tissue.CORD)
