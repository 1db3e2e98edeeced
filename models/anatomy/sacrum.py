"""The sacrum: five fused segments with their wings, foramina, canal wall and crest, and a remnant of a disc.

Proportions follow Abitbol, Am J Phys Anthropol 1987;74(1):65-81, and Esses et al., Spine
1991;16(6S):S283-S288 (promontory to apex about 110 mm, 105-115 mm wide at the first segment, ventral
foramina 30 mm apart).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.canal import Canal
from models.anatomy.canvas import Canvas
from models.anatomy.grid import Box
from models.anatomy.implicit import Point, join, meet, rod
from models.anatomy.posterior import superior_process
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body
from models.anatomy.solid import FAR, Solid
from models.anatomy.spine import SACRAL_HALF_DEPTH, SACRAL_HALF_WIDTH
from models.anatomy.tissues import SACRUM, Tissue

REACH = (62.0, 44.0, 26.0)  # mm around each body

# At the top of S1 to S5 and at the bottom of S5, mm at size 1.
BREADTH = (62, 58, 50, 39, 31, 13)  # half, before the iliac bones cut it
VENTRAL = (19, 16, 12.5, 9.5, 7.5, 5)  # thickness of the wings in front of the bodies' back wall
DORSAL = (2, 8, 10, 8, 5, 2)  # and behind it
FORAMEN = (6.0, 5.6, 4.6, 3.8)  # radius of the ventral foramina below S1 to S4
FORAMEN_OUT = (18.5, 16.5, 15, 14)
CREST = (7, 9, 7, 4)  # height of the median crest
OVERLAP = 1.5  # mm by which segments reach into each other


@dataclass(frozen=True, eq=False)
class _Segment:
    """One segment in its own frame."""

    rank: int
    body: Body
    box: Box
    scale: float
    point: Point  #: left, back, up, mm
    out: Tensor
    down: Tensor  #: 0 at the top of the segment, 1 at its bottom

    def taper(self, table: tuple[float, ...]) -> Tensor:
        """Interpolate a table of sizes between the top and the bottom of the segment, mm."""
        low, high = table[self.rank + 1], table[self.rank]
        return (high + (low - high) * self.down) * self.scale


def paint_sacrum(scene: Scene, cortex: float, canal: Canal, ilium: Tensor) -> tuple[Solid | None, Tensor]:
    """Paint the sacrum.

    Parameters
    ----------
    scene : Scene
    cortex : float
        Thickness of cortical bone, mm.
    canal : Canal
    ilium : (X, Y, Z) tensor
        Distance to the iliac bones, mm, which the sacrum keeps clear of by the width of the joint.

    Returns
    -------
    solid : Solid or None
        None if the sacrum is out of view.
    first : (X, Y, Z) bool tensor
        The body of S1, which a level count starts from.
    """
    first = torch.zeros_like(scene.canvas.tissues, dtype=torch.bool)
    box = _whole_box(scene)
    if box is None:
        return None, first
    part, segments = scene.canvas.cut(box), list(_segments(scene))
    distance, holes = _assemble(scene, box, segments, canal)
    clear = torch.maximum(-canal.distance[box], scene.spine.habit.gap - ilium[box])
    part.paint((distance < 0) & (ilium[box] > 0), Tissue.CARTILAGE, instance=0)
    part.paint((distance < 0) & (holes < 0), Tissue.FAT, instance=0)
    part.paint((distance < 0) & (holes < -2.2), Tissue.CORD)  # the roots
    bone = torch.maximum(distance, torch.maximum(clear, -holes))
    part.paint_bone(bone < 0, bone > -cortex, Tissue.SACRUM_CORTEX, Tissue.SACRUM_MARROW, SACRUM)
    for segment in segments:
        if segment.rank == 0:
            first[segment.box] = (_body(segment) < 0) & (scene.canvas.instances[segment.box] == SACRUM)
        _paint_remnant(scene, scene.canvas.cut(segment.box), segment)
    return Solid(box, bone), first


def _segments(scene: Scene) -> Iterator[_Segment]:
    """Segments in view, from S1 downward."""
    for rank, body in enumerate(scene.spine.sacrum):
        box = scene.canvas.grid.box(body.centre, REACH)
        if box is not None:
            u, v, w = scene.canvas.cut(box).local(body.centre, body.axes)
            down = (0.5 - w / (2 * body.half_height)).clamp(0, 1)
            scale = body.half_depth / SACRAL_HALF_DEPTH[rank]
            yield _Segment(rank, body, box, scale, (u, v, w), u.abs(), down)


def _assemble(scene: Scene, box: Box, segments: list[_Segment], canal: Canal) -> tuple[Tensor, Tensor]:
    """Distance to the uncut sacrum and to its foramina, on the whole box."""
    distance = torch.full_like(scene.canvas.points[0][box], FAR)
    holes = distance.clone()
    for segment in segments:
        inner = tuple(
            slice(p.start - b.start, p.stop - b.start) for p, b in zip(segment.box, box, strict=True)
        )
        solid = join(_body(segment), _wing(segment), 5)
        solid = join(solid, _back_wall(scene, segment, canal.distance[segment.box]), 2)
        if segment.rank == 0:
            solid = join(solid, _facet_process(scene, segment), 2.5)
        distance[inner] = join(distance[inner], solid, 4)
        if segment.rank < 4:
            holes[inner] = torch.minimum(holes[inner], _foramina(scene, segment))
    return distance, holes


def _whole_box(scene: Scene) -> Box | None:
    centres = np.array([body.centre for body in scene.spine.sacrum])
    low, high = centres.min(0) - REACH, centres.max(0) + REACH
    return scene.canvas.grid.box((low + high) / 2, tuple((high - low) / 2))


def _body(s: _Segment) -> Tensor:
    """Body that tapers from the front and the sides; its back wall is straight."""
    _, v, w = s.point
    half_depth = s.taper(SACRAL_HALF_DEPTH)
    n = s.body.exponent
    across, deep = s.out / s.taper(SACRAL_HALF_WIDTH), (v - s.body.half_depth + half_depth) / half_depth
    radius = (across**n + deep.abs() ** n) ** (1 / n)
    reach = (s.out**2 + (deep * half_depth) ** 2).sqrt()
    wall = reach * (1 - 1 / radius.clamp(min=0.05))
    cup = s.body.upper_cup * s.body.half_height * (1 - radius * radius).clamp(min=0)
    top = s.body.half_height - cup + (OVERLAP if s.rank else 0)
    return meet(wall, torch.maximum(w - top, -s.body.half_height - OVERLAP - w), 1.5)


def _wing(s: _Segment) -> Tensor:
    """Ala and lateral mass: thick at the joint, its upper face falling outward."""
    _, v, w = s.point
    back_wall = s.body.half_depth
    front, behind = back_wall - s.taper(VENTRAL), back_wall + s.taper(DORSAL)
    side = s.out - s.taper(BREADTH) + 0.45 * (v - front)
    shallow = front - v + 0.002 * (s.out - 20 * s.scale).clamp(min=0) ** 2
    slab = meet(shallow, v - behind, 3)
    top = s.body.half_height + (OVERLAP if s.rank else -1.5)
    slope = 0.32 if s.rank == 0 else 0.0
    ends = torch.maximum(
        w - top + slope * (s.out - 24 * s.scale).clamp(min=0), -s.body.half_height - OVERLAP - w
    )
    return meet(meet(slab, side, 4), ends, 3)


def _back_wall(scene: Scene, s: _Segment, canal: Tensor) -> Tensor:
    """Laminae round the back of the sacral canal, and the median crest; open below S4."""
    _, v, w = s.point
    random, h = scene.random, s.body.half_height
    if s.rank == 4:
        return torch.full_like(v, FAR)
    thick = random.uniform(3.0, 4.5) * s.scale
    behind = s.body.half_depth + 1 - v
    top = h * 0.45 if s.rank == 0 else h + OVERLAP
    ends = torch.maximum(w - top, -h - OVERLAP - w)
    side = s.out - s.taper(SACRAL_HALF_WIDTH)
    shell = torch.maximum(torch.maximum(canal - thick, behind), side)
    height = CREST[s.rank] * s.scale * random.uniform(0.5, 1.3)
    back = canal - thick - height * (1 - 0.5 * (w / h) ** 2).clamp(min=0.3)
    blade = torch.maximum(torch.maximum(s.out - random.uniform(2, 3.2), back), behind - 6)
    return torch.maximum(join(shell, blade, 2), ends)


def _facet_process(scene: Scene, s: _Segment) -> Tensor:
    _, v, w = s.point
    spine = scene.spine
    root = (spine.facets[0].out + 1, s.body.half_depth + spine.canal_depth * 0.6, s.body.half_height * 0.3)
    return superior_process((s.out, v, w), spine.facets[0], root, spine.habit, scene.random)


def _foramina(scene: Scene, s: _Segment) -> Tensor:
    """Ventral and dorsal foramina below the segment, joined inside."""
    _, v, w = s.point
    point, wall, h = (s.out, v, w), s.body.half_depth, s.body.half_height
    radius = FORAMEN[s.rank] * s.scale * scene.random.uniform(0.85, 1.15)
    out = FORAMEN_OUT[s.rank] * s.scale
    front = wall - 2 * SACRAL_HALF_DEPTH[s.rank] * s.scale - 4
    inside, up = (out - 5, wall + 4, -h + 3), -h
    ventral = rod(point, inside, (out + 2, front, up - 4), (radius * 0.75, radius, radius), 1.35)
    dorsal = rod(point, inside, (out + 1, wall + 20, up), (radius * 0.6,) * 3)
    return torch.minimum(ventral, dorsal)


def _paint_remnant(scene: Scene, part: Canvas, s: _Segment) -> None:
    """Paint what is left of the disc below a segment: between S1 and S2 often a disc, further down a scar."""
    random, h = scene.random, s.body.half_height
    if s.rank > 3 or not random.chance(0.85 if s.rank == 0 else 0.5):
        return
    thick = random.uniform(1.0, 5.5) if s.rank == 0 else random.uniform(0.5, 1.5)
    inside = _outline_below(s, inset=random.uniform(1.0, 7.0) * s.scale)
    off = (s.point[2] + h).abs() - thick / 2
    part.paint(inside & (off < 1), Tissue.SACRUM_CORTEX)
    part.paint(inside & (off < 0), Tissue.ANNULUS)


def _outline_below(s: _Segment, inset: float) -> Tensor:
    """Inside of the body's outline at its bottom, `inset` mm from the sides."""
    half_depth = SACRAL_HALF_DEPTH[s.rank + 1] * s.scale
    half_width = SACRAL_HALF_WIDTH[s.rank + 1] * s.scale
    deep = (s.point[1] - s.body.half_depth + half_depth) / max(half_depth - inset * 0.5, 1.0)
    inside: Tensor = (s.out / (half_width - inset)) ** 2 + deep**2 < 1
    return inside
