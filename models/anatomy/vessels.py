"""Aorta, vena cava and their division into the iliac vessels."""

import numpy as np
from torch import Tensor

from models.anatomy.scene import L3, L4, Profile, Scene
from models.anatomy.tissues import FIRST_MUSCLE, Tissue


def paint_vessels(scene: Scene) -> None:
    """Paint the great vessels in front of the spine; they divide near L4."""
    random, spine = scene.random, scene.spine
    division = spine.vertebrae[L4].centre[2] - random.uniform(-5, 12)
    front = -(2 * spine.vertebrae[L3].half_depth + spine.canal_depth + random.uniform(9, 14))
    spread = np.clip((division - scene.heights) / 60, 0, 1.5)
    aorta, cava = random.uniform(7.5, 12), random.uniform(8, 13)  # radii, mm
    below = scene.heights < division
    radius = np.where(below, aorta * 0.68, aorta)
    out = random.uniform(5, 13) + spread * 28
    _paint(scene, _section(scene, out, front, spread * 14, radius, flat=(1, 1)), Tissue.AORTA)
    right = ((scene.left + scene.column(spread * 26 - 2)) / scene.column(radius)) ** 2
    right = right + ((scene.back - front + 3 - scene.column(spread * 10)) / scene.column(radius)) ** 2
    scene.canvas.paint((right < 1) & (scene.up < float(division)), Tissue.AORTA)
    radius = np.where(below, cava * 0.68, cava)
    out = -1 * (random.uniform(5, 13) + spread * 28)
    _paint(scene, _section(scene, out, front, spread * 14, radius, flat=(1.25, 0.75)), Tissue.VENA_CAVA)


def _section(
    scene: Scene, out: Profile, front: float, dip: Profile, radius: Profile, *, flat: tuple[float, float]
) -> Tensor:
    """Inside of an elliptic vessel at `out` to the left and `front` + `dip` behind the canal (mm)."""
    across = (scene.left - scene.column(out)) / scene.column(radius * flat[0])
    deep = (scene.back - front - scene.column(dip)) / scene.column(radius * flat[1])
    return across**2 + deep**2 < 1


def _paint(scene: Scene, where: Tensor, tissue: Tissue) -> None:
    """Paint a vessel, which pushes muscle aside."""
    canvas = scene.canvas
    canvas.paint(where, tissue)
    canvas.instances.masked_fill_(where & (canvas.instances >= FIRST_MUSCLE), 0)
