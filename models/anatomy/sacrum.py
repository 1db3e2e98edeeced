"""The sacrum: five fused bodies with their wings and back wall, and a rudimentary disc."""

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_surface
from models.anatomy.tissues import SACRUM, Tissue

REACH = (70.0, 45.0, 45.0)  # mm around each body
CORTEX, MARROW = Tissue.SACRUM_CORTEX, Tissue.SACRUM_MARROW


def paint_sacrum(scene: Scene, cortex: float) -> Tensor:
    """Paint the sacrum.

    Parameters
    ----------
    cortex : float
        Thickness of cortical bone, mm.

    Returns
    -------
    (X, Y, Z) bool tensor
        The body of S1, which a level count starts from.
    """
    first = torch.zeros_like(scene.canvas.tissues, dtype=torch.bool)
    for k, body in enumerate(scene.spine.sacrum):
        box = scene.canvas.grid.box(body.centre, REACH)
        if box is None:
            continue
        part = scene.canvas.cut(box)
        local = part.local(body.centre, body.axes)
        radius, upper, lower = body_surface(local, body)
        _paint_wings(scene, part, local, body, cortex)
        _paint_back(scene, part, local, body)
        w = local[2]
        inside = (radius < 1) & (w < upper * 1.02) & (w > -lower * 1.03)
        wall = (1 - radius) * body.half_depth
        shell = torch.minimum(wall, torch.minimum(upper - w, w + lower * 3)) < cortex
        part.paint_bone(inside, shell, CORTEX, MARROW, SACRUM)
        if k == 0:
            first[box] = inside
            _paint_rudimentary_disc(scene, part, radius, w, body)
    return first


def _paint_wings(scene: Scene, part: Canvas, local: Tensor, body: Body, cortex: float) -> None:
    """Alae: one ellipsoid per side."""
    u, v, w = local
    out = u.abs()
    breadth = body.half_width * scene.random.uniform(0.85, 1.1)
    x = out - body.half_width * 0.95
    y = (v - 4 - out * 0.18) / (body.half_depth * 0.95)
    z = (w + 2 + out * 0.12) / (body.half_height * 1.15)
    wing = (x / breadth) ** 2 + y**2 + z**2 < 1
    inner = (x / (body.half_width * 0.95)) ** 2 + y**2 + z**2
    depth = (1 - inner.clamp(min=0).sqrt()) * body.half_depth
    part.paint_bone(wing, depth < cortex * 1.2, CORTEX, MARROW, SACRUM)


def _paint_back(scene: Scene, part: Canvas, local: Tensor, body: Body) -> None:
    """Wall of bone behind the sacral canal."""
    u, v, w = local
    start = body.half_depth + scene.spine.canal_depth * 1.6
    back = (
        (v > start)
        & (v < start + 9 - u.abs() * 0.3)
        & (u.abs() < body.half_width * 0.9)
        & (w.abs() < body.half_height)
    )
    part.paint(back, MARROW, SACRUM)


def _paint_rudimentary_disc(scene: Scene, part: Canvas, radius: Tensor, w: Tensor, body: Body) -> None:
    """Remnant of the disc S1-S2, seen in most people and easily taken for L5-S1."""
    if scene.random.chance(0.8):
        disc = (radius < 0.9) & (w < -body.half_height * 0.93) & (w > -body.half_height * 1.06)
        part.paint(disc, Tissue.ANNULUS)
