"""Iliac wings and hips: bone that is not spine."""

import math

import numpy as np
import torch
from torch import Tensor

from models.anatomy.implicit import meet
from models.anatomy.scene import L5, Scene
from models.anatomy.tissues import Tissue
from models.anatomy.trunk import Trunk

Triple = tuple[float, float, float]
HIPS_BELOW = -170.0  # mm: a field of view that ends above shows no hip


def shape_ilium(scene: Scene, trunk: Trunk) -> Tensor:
    """Distance to the iliac wings in mm: oblique plates, thickest at the sacroiliac joint."""
    draw, spine = scene.random.uniform, scene.spine
    promontory, notch = float(spine.promontory[2]), float(spine.sacrum[-3].centre[2])
    out = scene.lateral * (1 + scene.random.normal(0, 0.02) * torch.sign(scene.left))
    slope = draw(1.1, 1.6)
    plane = _joint_depth(scene) - (out - draw(51, 57) * spine.size) * slope
    thickness = draw(3.5, 5.5) + draw(3, 5) * torch.exp(-(((out - 55) / 16) ** 2))
    oblique = (scene.canvas.points[1] - plane).abs() / math.sqrt(1 + slope**2) - thickness
    above, below = (scene.up - promontory).clamp(min=0), (notch - scene.up).clamp(min=0)
    medial = draw(36, 42) * spine.size + above * draw(0.4, 0.7) + below * draw(0.8, 1.4)
    crest = scene.height_of(L5) + draw(-2, 16)
    rim = scene.up - crest + ((out - 95) / 40) ** 2 * 18
    edge = torch.maximum(torch.maximum(medial - out, out - 130), rim)
    return torch.where(trunk.inner, meet(oblique, edge, 4), oblique.clamp(min=0) + 1)


def _joint_depth(scene: Scene) -> float:
    """Position y of the middle of the sacroiliac joint, beside the lower end of S1, mm."""
    first = scene.spine.sacrum[-5]
    middle = first.axes[:, 1] * (first.half_depth - 4) - first.axes[:, 2] * first.half_height
    return float((first.centre + middle)[1])


def paint_ilium(scene: Scene, ilium: Tensor) -> None:
    """Paint the iliac wings, given the distance to them."""
    scene.canvas.paint_bone(ilium < 0, ilium > -1.6, Tissue.RIB_CORTEX, Tissue.RIB_MARROW, instance=0)


def paint_hips(scene: Scene) -> None:
    """Paint hip joints, ischium and pubis, if they can be in view."""
    if scene.canvas.grid.field_of_view[2][0] >= HIPS_BELOW:
        return
    for side in (1, -1):
        _paint_hip(scene, side)


def _paint_hip(scene: Scene, s: int) -> None:
    """Socket, joint space, head, neck, trochanter, ischium, pubis; each an ellipsoid."""
    draw, promontory = scene.random.uniform, float(scene.spine.promontory[2])
    x = s * draw(78, 98)
    y = float(np.median(scene.centre_back)) - draw(15, 60)
    z = promontory - draw(75, 105)
    r = draw(21, 26)
    _ball(scene, (x - s * 6, y, z + 6), (r + draw(5, 9), r + draw(5, 9), r + draw(6, 14)))
    _ball(scene, (x, y, z), (r + 3, r + 3, r + 3), marrow=Tissue.MUSCLE, rim=Tissue.MUSCLE)
    if scene.random.chance(0.1):  # prosthesis
        _ball(scene, (x, y, z), (r, r, r), marrow=Tissue.METAL, rim=Tissue.METAL)
    else:
        _ball(scene, (x, y, z), (r, r, r))
    _ball(scene, (x + s * 32, y + 5, z - 14), (draw(26, 34), 13, 14))
    _ball(scene, (x + s * 50, y + 8, z - 30), (17, 20, 45), cortex=3)
    place = (x - s * draw(15, 28), y + draw(10, 35), z - draw(30, 50))
    _ball(scene, place, (draw(12, 18), draw(14, 20), draw(25, 40)), cortex=2.2)
    place = (s * draw(28, 40), y - draw(15, 35), z - draw(5, 25))
    _ball(scene, place, (draw(26, 36), 9, 10), cortex=2)


def _ball(
    scene: Scene,
    centre: Triple,
    radii: Triple,
    *,
    marrow: Tissue = Tissue.RIB_MARROW,
    rim: Tissue = Tissue.RIB_CORTEX,
    cortex: float = 1.8,
) -> None:
    """Ellipsoid of bone with `cortex` mm of cortical bone."""
    x, y, z = radii
    part = scene.canvas.window(np.array(centre), (x + 2, y + 2, z + 2))
    if part is None:
        return
    p, q, r = ((part.points[k] - centre[k]) / radii[k] for k in range(3))
    distance = (p**2 + q**2 + r**2).sqrt()
    part.paint_bone(distance < 1, distance > 1 - cortex / min(radii), rim, marrow, instance=0)
