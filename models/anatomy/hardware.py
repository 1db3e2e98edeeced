"""Metal of a fusion: pedicle screws, rods and cages."""

import numpy as np
from numpy.typing import NDArray

from models.anatomy.canvas import Canvas
from models.anatomy.disc import Space, shape_space
from models.anatomy.implicit import block, rod
from models.anatomy.posterior import PEDICLE_HALF_WIDTH
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body
from models.anatomy.tissues import SACRUM, Tissue

Point = NDArray[np.float64]


def paint_hardware(scene: Scene) -> None:
    """Paint what holds the fused discs; metal inside a vertebra keeps its number, else it has none."""
    findings = scene.spine.pathology
    for index in sorted(findings.cages):
        found = shape_space(scene, scene.spine.discs[index])
        if found is not None:
            _paint_cages(scene, *found)
    held = sorted({disc + k for disc in findings.fused for k in (0, 1)})  # 0 is the sacrum
    for side in (1, -1):
        heads = [_paint_screw(scene, rank, side) for rank in held]
        for rank, start, end in zip(held, heads, heads[1:], strict=False):
            if rank in findings.fused:
                _paint_rod(scene, start, end, radius=scene.random.uniform(2.5, 3.2))


def _paint_cages(scene: Scene, part: Canvas, space: Space) -> None:
    """One or two hollow blocks of titanium or plastic, 9-11 mm wide and 22-26 mm long, filled with bone."""
    random, (u, v, w) = scene.random, space.local
    shell = Tissue.METAL if random.chance(0.4) else Tissue.POLYMER
    half = (random.uniform(4.5, 5.5), random.uniform(10, 13), max(space.height / 2 - 0.3, 1.5))
    places = (-9.0, 9.0) if random.chance(0.5) else (random.uniform(-4, 4),)
    for x in places:
        distance = block((u - x, v - random.uniform(-3, 3), w), half, 1.0)
        inside = (distance < 0) & (space.plate > -0.5)
        part.paint(inside, shell, instance=0)
        part.paint(inside & (distance < -2.2), Tissue.SCLEROSIS)


def _paint_screw(scene: Scene, rank: int, side: int) -> Point:
    """Paint a screw through a pedicle into the body; return where the rod runs, mm."""
    spine, random = scene.spine, scene.random
    body = spine.segments[0].body if rank == 0 else spine.vertebrae[rank - 1]
    kind = 0 if rank == 0 else spine.kinds[rank - 1]
    out = spine.canal_width + PEDICLE_HALF_WIDTH[kind] * spine.size * 0.8
    behind = body.half_depth + 2 * spine.canal_depth + random.uniform(3, 8)
    rise = body.half_height * random.uniform(0.3, 0.5)
    entry = np.array([side * (out + random.uniform(1, 4)), behind, rise])
    front = body.half_depth * random.uniform(-0.1, 0.6)
    tip = np.array([side * out * random.uniform(0.45, 0.7), -front, rise])
    _paint_bar(scene, _world(body, entry), _world(body, tip), random.uniform(2.4, 3.4))
    head = _world(body, entry + np.array([0, 5.0, 0]))
    _paint_bar(scene, _world(body, entry - np.array([0, 3.0, 0])), head, random.uniform(5, 6.5))
    return head


def _paint_rod(scene: Scene, start: Point, end: Point, radius: float) -> None:
    reach = (end - start) / max(float(np.linalg.norm(end - start)), 1.0) * 6  # mm beyond the screw heads
    _paint_bar(scene, start - reach, end + reach, radius)


def _paint_bar(scene: Scene, start: Point, end: Point, radius: float) -> None:
    part = scene.canvas.window((start + end) / 2, tuple(np.abs(end - start) / 2 + radius))
    if part is None:
        return
    x, y, z = part.points
    a, b = ((float(p[0]), float(p[1]), float(p[2])) for p in (start, end))
    metal = rod((x, y, z), a, b, (radius,) * 3) < 0
    bone = (part.instances > 0) & (part.instances <= SACRUM)
    part.paint(metal & ~bone, Tissue.METAL, instance=0)
    part.paint(metal & bone, Tissue.METAL)


def _world(body: Body, place: Point) -> Point:
    world: Point = body.centre + body.axes @ place
    return world
