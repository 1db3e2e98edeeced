"""The sacrum: fused segments with their wings, foramina, canal wall and crest, and remnants of discs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.canal import Canal
from models.anatomy.canvas import Canvas
from models.anatomy.facets import superior_process
from models.anatomy.grid import Box
from models.anatomy.implicit import Point, block, join, meet, rod
from models.anatomy.sacral import Segment
from models.anatomy.scene import Scene
from models.anatomy.shapes import rotation
from models.anatomy.solid import FAR, Solid
from models.anatomy.tissues import SACRUM, Tissue

REACH = (62.0, 44.0, 26.0)  # mm around each body
OVERLAP = 1.5  # mm by which segments reach into each other


@dataclass(frozen=True, eq=False)
class _Place:
    """One segment in its own frame."""

    rank: int
    plan: Segment
    box: Box
    point: Point  #: left, back, up, mm
    out: Tensor
    down: Tensor  #: 0 at the top of the segment, 1 at its bottom

    def between(self, top: float, bottom: float) -> Tensor:
        """Interpolate a size between the top and the bottom of the segment, mm."""
        return top + (bottom - top) * self.down


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
        _paint_remnant(scene.canvas.cut(segment.box), segment)
    _paint_coccyx(scene, cortex)
    return Solid(box, bone), first


def _whole_box(scene: Scene) -> Box | None:
    centres = np.array([body.centre for body in scene.spine.sacrum])
    low, high = centres.min(0) - REACH, centres.max(0) + REACH
    return scene.canvas.grid.box((low + high) / 2, tuple((high - low) / 2))


def _segments(scene: Scene) -> Iterator[_Place]:
    """Segments in view, from the top downward."""
    for rank, plan in enumerate(scene.spine.segments):
        body = plan.body
        box = scene.canvas.grid.box(body.centre, REACH)
        if box is not None:
            u, v, w = scene.canvas.cut(box).local(body.centre, body.axes)
            down = (0.5 - w / (2 * body.half_height)).clamp(0, 1)
            yield _Place(rank, plan, box, (u, v, w), u.abs(), down)


def _assemble(scene: Scene, box: Box, segments: list[_Place], canal: Canal) -> tuple[Tensor, Tensor]:
    """Distance to the uncut sacrum and to its foramina, on the whole box."""
    distance = torch.full_like(scene.canvas.points[0][box], FAR)
    holes = distance.clone()
    for place in segments:
        ranges = zip(place.box, box, strict=True)
        inner = tuple(slice(own.start - all_.start, own.stop - all_.start) for own, all_ in ranges)
        solid = join(_body(place), _wing(place), 5)
        if place.plan.crest > 0:
            solid = join(solid, _back_wall(scene, place, canal.distance[place.box]), 2)
        if place.rank == 0:
            solid = join(solid, _facet_process(scene, place), 2.5)
        distance[inner] = join(distance[inner], solid, 4)
        if place.plan.foramen > 0:
            holes[inner] = torch.minimum(holes[inner], _foramina(scene, place))
    return distance, holes


def _body(s: _Place) -> Tensor:
    """Body that tapers from the front and the sides; its back wall is straight."""
    _, v, w = s.point
    top, bottom, body = s.plan.top, s.plan.bottom, s.plan.body
    half_depth = s.between(top.half_depth, bottom.half_depth)
    n = body.exponent
    across = s.out / s.between(top.half_width, bottom.half_width)
    deep = (v - body.half_depth + half_depth) / half_depth
    radius = (across**n + deep.abs() ** n) ** (1 / n)
    wall = (s.out**2 + (deep * half_depth) ** 2).sqrt() * (1 - 1 / radius.clamp(min=0.05))
    cup = body.upper_cup * body.half_height * (1 - radius * radius).clamp(min=0)
    upper = body.half_height - cup + (OVERLAP if s.rank else 0)
    return meet(wall, torch.maximum(w - upper, -body.half_height - OVERLAP - w), 1.5)


def _wing(s: _Place) -> Tensor:
    """Ala and lateral mass: thick at the joint, its upper face falling outward."""
    _, v, w = s.point
    top, bottom, body = s.plan.top, s.plan.bottom, s.plan.body
    front = body.half_depth - s.between(top.ventral, bottom.ventral)
    behind = body.half_depth + s.between(top.dorsal, bottom.dorsal)
    side = s.out - s.between(top.breadth, bottom.breadth) + 0.45 * (v - front)
    shallow = front - v + 0.002 * (s.out - 20).clamp(min=0) ** 2
    slab = meet(shallow, v - behind, 3)
    upper = body.half_height + (OVERLAP if s.rank else -1.5)
    slope = 0.32 if s.rank == 0 else 0.0
    roof = w - upper + slope * (s.out - top.half_width).clamp(min=0)
    return meet(meet(slab, side, 4), torch.maximum(roof, -body.half_height - OVERLAP - w), 3)


def _back_wall(scene: Scene, s: _Place, canal: Tensor) -> Tensor:
    """Laminae round the back of the sacral canal, and the median crest; open at the hiatus."""
    _, v, w = s.point
    random, h, size = scene.random, s.plan.body.half_height, scene.spine.size
    thick = random.uniform(3.0, 4.5) * size
    behind = s.plan.body.half_depth + 1 - v
    upper = h * 0.45 if s.rank == 0 else h + OVERLAP
    side = s.out - s.between(s.plan.top.half_width, s.plan.bottom.half_width)
    shell = torch.maximum(torch.maximum(canal - thick, behind), side)
    height = s.plan.crest * random.uniform(0.5, 1.3)
    back = canal - thick - height * (1 - 0.5 * (w / h) ** 2).clamp(min=0.3)
    blade = torch.maximum(torch.maximum(s.out - random.uniform(2, 3.2), back), behind - 6)
    return torch.maximum(join(shell, blade, 2), torch.maximum(w - upper, -h - OVERLAP - w))


def _facet_process(scene: Scene, s: _Place) -> Tensor:
    _, v, w = s.point
    spine, body = scene.spine, s.plan.body
    root = (spine.facets[0].out + 1, body.half_depth + spine.canal_depth * 0.6, body.half_height * 0.3)
    return superior_process((s.out, v, w), spine.facets[0], root, spine.habit, scene.random)


def _foramina(scene: Scene, s: _Place) -> Tensor:
    """Ventral and dorsal foramina below the segment, joined inside."""
    _, v, w = s.point
    point, wall, h = (s.out, v, w), s.plan.body.half_depth, s.plan.body.half_height
    radius = s.plan.foramen * scene.random.uniform(0.85, 1.15)
    out, front = s.plan.foramen_out, wall - 2 * s.plan.top.half_depth - 4
    inside = (out - 5, wall + 4, -h + 3)
    ventral = rod(point, inside, (out + 2, front, -h - 4), (radius * 0.75, radius, radius), 1.35)
    dorsal = rod(point, inside, (out + 1, wall + 20, -h), (radius * 0.6,) * 3)
    return torch.minimum(ventral, dorsal)


def _paint_remnant(part: Canvas, s: _Place) -> None:
    """Paint what is left of the disc below a segment."""
    if s.plan.disc <= 0:
        return
    inside = _outline_below(s, s.plan.inset)
    off = (s.point[2] + s.plan.body.half_height).abs() - s.plan.disc / 2
    part.paint(inside & (off < 1), Tissue.SACRUM_CORTEX)
    part.paint(inside & (off < 0), Tissue.ANNULUS, 0 if s.plan.square else None)
    if s.plan.square:
        part.paint(_outline_below(s, s.plan.inset + 6) & (off < -0.8), Tissue.NUCLEUS)


def _paint_coccyx(scene: Scene, cortex: float) -> None:
    """Paint three or four small segments that curve forward from the apex; they belong to no structure."""
    random, last = scene.random, scene.spine.segments[-1].body
    place, pitch = last.centre - last.axes[:, 2] * (last.half_height + 3), last.tilt
    for k in range(int(random.numbers.integers(3, 5))):
        width, height = (9 - 1.7 * k) * scene.spine.size, random.uniform(4.5, 7)
        axes = rotation(pitch, 0, 0)
        place = place - axes[:, 2] * height
        part = scene.canvas.window(place, (width, 8.0, 8.0))
        if part is not None:
            u, v, w = part.local(place, axes)
            distance = block((u, v, w), (width, 4.0 - 0.5 * k, height), 2.4)
            free = (distance < 0) & (part.instances == 0)
            part.paint_bone(free, distance > -cortex, Tissue.SACRUM_CORTEX, Tissue.SACRUM_MARROW)
        place, pitch = (
            place - axes[:, 2] * (height + random.uniform(0.3, 1.5)),
            pitch - random.uniform(0.1, 0.5),
        )


def _outline_below(s: _Place, inset: float) -> Tensor:
    """Inside of the body's outline at its bottom, `inset` mm from the sides."""
    half_width, half_depth = s.plan.bottom.half_width, s.plan.bottom.half_depth
    deep = (s.point[1] - s.plan.body.half_depth + half_depth) / max(half_depth - inset * 0.5, 1.0)
    inside: Tensor = (s.out / max(half_width - inset, 1.0)) ** 2 + deep**2 < 1
    return inside
