"""One intervertebral disc, between the end plates of its neighbours."""

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.randomness import Randomness
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_surface
from models.anatomy.spine import Disc, Vector
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, SACRUM, Tissue

REACH = (42.0, 36.0, 18.0)  # mm


def paint_disc(scene: Scene, disc: Disc) -> None:
    """Paint annulus and nucleus; worn discs bulge and may be herniated."""
    spine, random = scene.spine, scene.random
    above = spine.vertebrae[disc.index]
    below = spine.sacrum[0] if disc.index == 0 else spine.vertebrae[disc.index - 1]
    centre = (_end_plate(below, 1) + _end_plate(above, -1)) / 2
    part = scene.canvas.window(centre, REACH)
    if part is None:
        return
    between = _between(part, below, above)
    local = part.local(centre, disc.axes)
    width = max(below.half_width, above.half_width) * random.uniform(0.98, 1.05)
    depth = max(below.half_depth, above.half_depth) * random.uniform(0.98, 1.06)
    inside = _outline(random, disc, local, width, depth)
    if disc.degeneration > 0.45 and random.chance(0.5):
        inside = inside | _herniation(random, local, width, depth)
    inside = inside & between
    nucleus = _nucleus(random, disc, local, width, depth)
    part.paint(inside, Tissue.ANNULUS, FIRST_DISC + disc.index)
    part.paint(nucleus & inside, Tissue.NUCLEUS)


def _outline(random: Randomness, disc: Disc, local: Tensor, width: float, depth: float) -> Tensor:
    """Superellipse with a dented back, which wear bulges out again."""
    u, v, _ = local
    radius = ((u.abs() / width) ** 2.3 + (v.abs() / depth) ** 2.3) ** (1 / 2.3)
    dent = 0.08 * torch.exp(-((u / (0.45 * width)) ** 2)) * (v / depth).clamp(min=0) ** 2
    bulge = disc.degeneration * random.uniform(0, 0.12) * torch.exp(-(((v / depth - 1) / 0.5) ** 2))
    inside: Tensor = radius + dent - bulge < 1
    return inside


def _nucleus(random: Randomness, disc: Disc, local: Tensor, width: float, depth: float) -> Tensor:
    u, v, w = local
    across = (u / (width * random.uniform(0.55, 0.72))) ** 2
    deep = ((v - 0.08 * depth) / (depth * random.uniform(0.5, 0.68))) ** 2
    inside: Tensor = across + deep + (w / (disc.height * 0.42 + 1.2)) ** 2 < 1
    return inside


def _herniation(random: Randomness, local: Tensor, width: float, depth: float) -> Tensor:
    """Build an ellipsoid at the back of the disc."""
    u, v, w = local
    x = random.uniform(-0.4, 0.4) * width
    across = ((u - x) / random.uniform(4, 9)) ** 2
    deep = ((v - depth * 0.97) / random.uniform(2.5, 6)) ** 2
    inside: Tensor = across + deep + (w / random.uniform(2.5, 6)) ** 2 < 1
    return inside


def _end_plate(body: Body, sign: int) -> Vector:
    return body.centre + sign * (body.axes[:, 2] * body.half_height)


def _between(part: Canvas, below: Body, above: Body) -> Tensor:
    """Points between the facing end plates that no bone has taken."""
    from_below = part.local(below.centre, below.axes)
    from_above = part.local(above.centre, above.axes)
    _, floor, _ = body_surface(from_below, below)
    _, _, roof = body_surface(from_above, above)
    bone = (part.instances >= FIRST_VERTEBRA) & (part.instances <= SACRUM)
    height = from_below[2]
    near = height < below.half_height + 28
    return (height > floor - 0.1) & (from_above[2] < -roof + 0.1) & near & ~bone
