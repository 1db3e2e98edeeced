"""One intervertebral disc, between the end plates of its neighbours.

What readers outline as disc is less than the space between the bones: each end plate is covered by 0.6 to
1 mm of cartilage (Roberts et al., Spine 1989;14(2):166-174), and the outermost annulus, dark on every MR
contrast, passes into the longitudinal ligaments and the rings of the bodies. Both are painted but belong to
no disc.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.column import Disc
from models.anatomy.pathology import Herniation
from models.anatomy.randomness import Randomness
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, Vector, body_surface
from models.anatomy.tissues import FIRST_DISC, FIRST_VERTEBRA, SACRUM, Tissue

REACH = (36.0, 32.0, 24.0)  # mm


@dataclass(frozen=True, eq=False)
class Space:
    """The space between two bodies.

    Attributes
    ----------
    rim : (x, y, z) tensor
        mm inside the outline that the two end plates share, negative outside.
    plate : (x, y, z) tensor
        mm from the nearer end plate, negative in bone.
    local : (3, x, y, z) tensor
        Coordinates in the disc's own frame, mm.
    width, depth, height : float
        Half width and half depth of the end plates, and the distance between them, mm.
    """

    rim: Tensor
    plate: Tensor
    local: Tensor
    width: float
    depth: float
    height: float


def shape_space(scene: Scene, disc: Disc) -> tuple[Canvas, Space] | None:
    """Measure the space of a disc on its part of the canvas; None if it is out of view."""
    above, below = scene.spine.vertebrae[disc.index], scene.spine.below(disc.index)
    centre = (_end_plate(below, 1) + _end_plate(above, -1)) / 2
    part = scene.canvas.window(centre, REACH)
    if part is None:
        return None
    from_below = part.local(below.centre, below.axes)
    from_above = part.local(above.centre, above.axes)
    _, floor, _ = body_surface(from_below, below)
    _, _, roof = body_surface(from_above, above)
    plate = torch.minimum(from_below[2] - floor, -from_above[2] - roof)
    rim = (_rim(from_below, below) + _rim(from_above, above)) / 2
    width, depth = (below.half_width + above.half_width) / 2, (below.half_depth + above.half_depth) / 2
    return part, Space(rim, plate, part.local(centre, disc.axes), width, depth, disc.height)


def paint_disc(scene: Scene, disc: Disc) -> None:
    """Paint ligament, cartilage, annulus and nucleus, herniations, gas and chalk."""
    random, findings = scene.random, scene.spine.pathology
    found = shape_space(scene, disc)
    if found is None:
        return
    part, space = found
    herniation = findings.herniations.get(disc.index)
    cartilage, ligament = min(random.uniform(0.6, 1.0), 0.2 * disc.height), random.uniform(1.5, 3.0)
    edge = space.rim + _bulge(random, disc, space)
    if herniation is not None and not herniation.extruded:
        edge = edge + (herniation.reach + ligament) * _protrusion(random, herniation, space)
    unboned = ~((part.instances >= FIRST_VERTEBRA) & (part.instances <= SACRUM))
    tissue = (space.plate > 0) & unboned & (edge > 0)
    inside = tissue & (edge > ligament) & (space.plate > cartilage)
    if herniation is not None and herniation.extruded:
        inside = inside | (unboned & _extrusion(random, herniation, space))
    part.paint(tissue, Tissue.LIGAMENT, instance=0)
    part.paint(tissue & (edge > ligament * 0.5) & (space.plate <= cartilage), Tissue.CARTILAGE)
    part.paint(inside, Tissue.ANNULUS, FIRST_DISC + disc.index)
    part.paint(_nucleus(random, space) & inside, Tissue.NUCLEUS)
    if disc.index in findings.vacuum:
        part.paint(_vacuum(random, space) & inside, Tissue.GAS)
    if disc.index in findings.calcified:
        part.paint(_chalk(random, space) & inside, Tissue.CALCIFICATION)


def _rim(local: Tensor, body: Body) -> Tensor:
    """Distance inside the edge of a body's end plate, mm; its back is less hollow than the body's wall."""
    u, v, _ = local
    n = body.exponent
    radius = ((u.abs() / body.half_width) ** n + (v.abs() / body.half_depth) ** n) ** (1 / n)
    middle = torch.exp(-((u / (0.45 * body.half_width)) ** 2))
    radius = radius + 0.4 * body.concavity * middle * (v / body.half_depth).clamp(min=0) ** 2
    inside: Tensor = (u * u + v * v).sqrt() * (1 / radius.clamp(min=0.05) - 1)
    return inside


def _bulge(random: Randomness, disc: Disc, space: Space) -> Tensor:
    """How far the edge stands out, mm: wear bulges it all round, above all behind."""
    behind = torch.exp(-(((space.local[1] / space.depth - 1) / 0.5) ** 2))
    wear = disc.degeneration * (random.uniform(0, 2) * behind + random.uniform(0, 1.5))
    return random.uniform(-1.0, 0.5) + wear


def _protrusion(random: Randomness, herniation: Herniation, space: Space) -> Tensor:
    """Rise of the outline behind, 0 to 1, wider than it is long."""
    u, v, _ = space.local
    width = random.uniform(5, 9)
    rise: Tensor = torch.exp(-(((u - herniation.side) / width) ** 2)) * (v > 0)
    return rise


def _extrusion(random: Randomness, herniation: Herniation, space: Space) -> Tensor:
    """Drop behind the end plates on a narrow neck."""
    u, v, w = space.local
    reach, middle = herniation.reach, space.depth * (1 - 0.25 * (herniation.side / space.width) ** 2)
    width = random.uniform(3.5, 6)
    drop = ((u - herniation.side) / width) ** 2
    drop = drop + ((v - middle - reach / 2 + 1) / (reach / 2 + 1)) ** 2
    drop = drop + ((w - herniation.migration * 0.6) / (3 + abs(herniation.migration) * 0.6)) ** 2
    neck = ((u - herniation.side) / 3) ** 2 + (w / 2.5) ** 2
    inside: Tensor = (drop < 1) | ((neck < 1) & (v > middle - 5) & (v < middle + reach / 2))
    return inside


def _nucleus(random: Randomness, space: Space) -> Tensor:
    u, v, _ = space.local
    across = (u / (space.width * random.uniform(0.55, 0.72))) ** 2
    deep = ((v - 0.08 * space.depth) / (space.depth * random.uniform(0.5, 0.68))) ** 2
    inside: Tensor = (across + deep < 1) & (space.plate > random.uniform(0.8, 1.6))
    return inside


def _vacuum(random: Randomness, space: Space) -> Tensor:
    """Clefts of gas along the middle of the disc, uneven."""
    u, v, w = space.local
    x, y = random.uniform(-0.3, 0.3) * space.width, random.uniform(-0.4, 0.2) * space.depth
    wide = ((u - x) / (space.width * random.uniform(0.4, 0.75))) ** 2 + (
        (v - y) / (space.depth * random.uniform(0.4, 0.7))
    ) ** 2
    thick = random.uniform(0.9, 2.0) * (1 - wide).clamp(min=0).sqrt()
    inside: Tensor = (w - 0.8 * torch.sin(u / 5 + x)).abs() < thick
    return inside


def _chalk(random: Randomness, space: Space) -> Tensor:
    """Lump of calcium in annulus or nucleus."""
    u, v, w = space.local
    x, y = random.uniform(-0.6, 0.6) * space.width, random.uniform(-0.7, 0.6) * space.depth
    inside: Tensor = ((u - x) / random.uniform(2, 7)) ** 2 + ((v - y) / random.uniform(2, 5)) ** 2 + (
        w / random.uniform(1.5, 4)
    ) ** 2 < 1
    return inside


def _end_plate(body: Body, sign: int) -> Vector:
    return body.centre + sign * (body.axes[:, 2] * body.half_height)
