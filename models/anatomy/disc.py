"""One intervertebral disc, between the end plates of its neighbours.

What readers outline as disc is less than the space between the bones: each end plate is covered by 0.6 to
1 mm of cartilage (Roberts et al., Spine 1989;14(2):166-174), and the outermost annulus, dark on every MR
contrast, passes into the longitudinal ligaments and the rings of the bodies. Both are painted but
belong to no disc.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.randomness import Randomness
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_surface
from models.anatomy.spine import Disc, Vector
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, SACRUM, Tissue

REACH = (34.0, 28.0, 20.0)  # mm


@dataclass(frozen=True, eq=False)
class _Space:
    """The space between two bodies; tensors of (x, y, z).

    Attributes
    ----------
    rim : mm inside the outline that the two end plates share, negative outside.
    plate : mm from the nearer end plate, negative in bone.
    local : (3, x, y, z) coordinates in the disc's own frame, mm.
    """

    rim: Tensor
    plate: Tensor
    local: Tensor
    width: float
    depth: float


def paint_disc(scene: Scene, disc: Disc) -> None:
    """Paint ligament, cartilage, annulus and nucleus; worn discs bulge and may be herniated."""
    spine, random = scene.spine, scene.random
    above = spine.vertebrae[disc.index]
    below = spine.sacrum[0] if disc.index == 0 else spine.vertebrae[disc.index - 1]
    centre = (_end_plate(below, 1) + _end_plate(above, -1)) / 2
    part = scene.canvas.window(centre, REACH)
    if part is None:
        return
    space = _space(part, centre, disc, below, above)
    free = (space.plate > 0) & ~((part.instances >= FIRST_VERTEBRA) & (part.instances <= SACRUM))
    edge = space.rim + _bulge(random, disc, space)
    tissue = free & (edge > 0)
    cartilage, ligament = random.uniform(0.6, 1.0), random.uniform(1.5, 3.0)
    cover = min(cartilage, 0.2 * disc.height)
    inside = tissue & (edge > ligament) & (space.plate > cover)
    if disc.degeneration > 0.45 and random.chance(0.5):
        inside = inside | (free & (space.plate > cover) & _herniation(random, space))
    part.paint(tissue, Tissue.LIGAMENT, instance=0)
    part.paint(tissue & (edge > ligament * 0.5) & (space.plate <= cover), Tissue.CARTILAGE)
    part.paint(inside, Tissue.ANNULUS, FIRST_DISC + disc.index)
    part.paint(_nucleus(random, space) & inside, Tissue.NUCLEUS)


def _space(part: Canvas, centre: Vector, disc: Disc, below: Body, above: Body) -> _Space:
    from_below = part.local(below.centre, below.axes)
    from_above = part.local(above.centre, above.axes)
    _, floor, _ = body_surface(from_below, below)
    _, _, roof = body_surface(from_above, above)
    plate = torch.minimum(from_below[2] - floor, -from_above[2] - roof)
    rim = (_rim(from_below, below) + _rim(from_above, above)) / 2
    width, depth = (below.half_width + above.half_width) / 2, (below.half_depth + above.half_depth) / 2
    return _Space(rim, plate, part.local(centre, disc.axes), width, depth)


def _rim(local: Tensor, body: Body) -> Tensor:
    """Distance inside the edge of a body's end plate, mm."""
    u, v, _ = local
    n = body.exponent
    radius = ((u.abs() / body.half_width) ** n + (v.abs() / body.half_depth) ** n) ** (1 / n)
    middle = torch.exp(-((u / (0.45 * body.half_width)) ** 2))
    radius = radius + body.concavity * middle * (v / body.half_depth).clamp(min=0) ** 2
    inside: Tensor = (u * u + v * v).sqrt() * (1 / radius.clamp(min=0.05) - 1)
    return inside


def _bulge(random: Randomness, disc: Disc, space: _Space) -> Tensor:
    """How far the edge stands out, mm: wear bulges it, above all behind."""
    behind = torch.exp(-(((space.local[1] / space.depth - 1) / 0.5) ** 2))
    return random.uniform(-1.0, 0.5) + disc.degeneration * (
        random.uniform(0, 2) * behind + random.uniform(0, 1.5)
    )


def _nucleus(random: Randomness, space: _Space) -> Tensor:
    u, v, _ = space.local
    across = (u / (space.width * random.uniform(0.55, 0.72))) ** 2
    deep = ((v - 0.08 * space.depth) / (space.depth * random.uniform(0.5, 0.68))) ** 2
    inside: Tensor = (across + deep < 1) & (space.plate > random.uniform(0.8, 1.6))
    return inside


def _herniation(random: Randomness, space: _Space) -> Tensor:
    """Build an ellipsoid at the back of the disc."""
    u, v, w = space.local
    x = random.uniform(-0.4, 0.4) * space.width
    across = ((u - x) / random.uniform(4, 9)) ** 2
    deep = ((v - space.depth * 0.93) / random.uniform(2.5, 6)) ** 2
    inside: Tensor = across + deep + (w / random.uniform(2.5, 6)) ** 2 < 1
    return inside


def _end_plate(body: Body, sign: int) -> Vector:
    return body.centre + sign * (body.axes[:, 2] * body.half_height)
