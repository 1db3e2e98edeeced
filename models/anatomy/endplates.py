"""Changes beside the end plates: Modic's three types and Schmorl's nodes."""

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.pathology import Modic
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_surface
from models.anatomy.tissues import FIRST_DISC, SACRUM, Tissue

REACH = (34.0, 26.0, 28.0)  # mm
CHANGED = {Modic.OEDEMA: Tissue.OEDEMA, Modic.FAT: Tissue.FATTY_MARROW, Modic.SCLEROSIS: Tissue.SCLEROSIS}
MARROW = (Tissue.BODY_MARROW, Tissue.SACRUM_MARROW)


def paint_end_plates(scene: Scene) -> None:
    """Paint Modic changes on both sides of their discs, and Schmorl's nodes on one."""
    findings = scene.spine.pathology
    for disc, kind in findings.modic.items():
        for sign, body in ((1, scene.spine.below(disc)), (-1, scene.spine.vertebrae[disc])):
            _paint_change(scene, body, sign, CHANGED[kind])
    for disc in findings.nodes:
        upper = scene.random.chance(0.5)
        body = scene.spine.vertebrae[disc] if upper or disc == 0 else scene.spine.below(disc)
        _paint_node(scene, body, -1 if body is scene.spine.vertebrae[disc] else 1, disc)


def _depth(scene: Scene, body: Body, sign: int) -> tuple[Canvas, Tensor, Tensor] | None:
    """Part of the canvas around an end plate, local coordinates, and depth below the plate in mm."""
    part = scene.canvas.window(body.centre + sign * body.axes[:, 2] * body.half_height, REACH)
    if part is None:
        return None
    local = part.local(body.centre, body.axes)
    _, upper, lower = body_surface(local, body)
    return part, local, upper - local[2] if sign > 0 else lower + local[2]


def _paint_change(scene: Scene, body: Body, sign: int, tissue: Tissue) -> None:
    """Band below the end plate, thickest in front or behind; 3 to 12 mm deep."""
    random, found = scene.random, _depth(scene, body, sign)
    if found is None:
        return
    part, (u, v, _), depth = found
    x, y = random.uniform(-0.5, 0.5) * body.half_width, random.uniform(-0.6, 0.6) * body.half_depth
    spread = ((u - x) / (body.half_width * random.uniform(0.5, 1.2))) ** 2 + (
        (v - y) / (body.half_depth * random.uniform(0.5, 1.2))
    ) ** 2
    band = depth < random.uniform(3, 12) * (1 - spread).clamp(min=0).sqrt()
    part.paint(band & (depth > 0) & _marrow(part), tissue)


def _paint_node(scene: Scene, body: Body, sign: int, disc: int) -> None:
    """Dent of 3 to 8 mm filled with disc, in a shell of dense bone; it belongs to the disc."""
    random, found = scene.random, _depth(scene, body, sign)
    if found is None:
        return
    part, (u, v, _), depth = found
    x, y = random.uniform(-0.45, 0.45) * body.half_width, random.uniform(-0.3, 0.5) * body.half_depth
    radius, deep = random.uniform(3, 7), random.uniform(3, 8)
    dent = (((u - x) / radius) ** 2 + ((v - y) / radius) ** 2 + (depth / deep) ** 2).sqrt()
    bone = (part.instances > 0) & (part.instances <= SACRUM)
    part.paint(bone & (dent < 1 + 1.5 / radius) & _marrow(part), Tissue.BODY_CORTEX)
    shell = part.tissues == Tissue.BODY_CORTEX
    inside = bone & (dent < 1) & (depth > -2) & (shell | _marrow(part))
    part.paint(inside, Tissue.ANNULUS, FIRST_DISC + disc)
    part.paint(inside & (dent < 0.7), Tissue.NUCLEUS)


def _marrow(part: Canvas) -> Tensor:
    return torch.isin(part.tissues, torch.tensor([int(t) for t in MARROW], device=part.tissues.device))
