"""Focal changes inside vertebral bodies: haemangiomas, oedema of fresh fractures, and other lesions."""

import numpy as np
import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body
from models.anatomy.tissues import Tissue

REACH = (32.0, 26.0, 24.0)  # mm


def paint_lesions(scene: Scene) -> None:
    """Paint haemangiomas, fresh fractures, and in one body of sixteen a ball of other marrow."""
    findings, random = scene.spine.pathology, scene.random
    for level, body in enumerate(scene.spine.vertebrae):
        part = scene.canvas.window(body.centre, REACH)
        if part is None:
            continue
        if level in findings.haemangiomas:
            _paint_haemangioma(scene, part, body)
        fracture = findings.fractures.get(level)
        if fracture is not None and fracture.fresh:
            _paint_oedema(scene, part, body)
        if random.chance(0.06):
            ball = _ball(scene, part, body, random.uniform(3, 9))
            part.paint((ball < 1) & _marrow(part), Tissue.BONE_LESION)


def _paint_haemangioma(scene: Scene, part: Canvas, body: Body) -> None:
    """Fatty vascular marrow of 4 to 12 mm radius with thick upright trabeculae, dots on an axial slice."""
    random = scene.random
    inside = (_ball(scene, part, body, random.uniform(4, 12)) < 1) & _marrow(part)
    u, v, _ = part.local(body.centre, body.axes)
    pitch = random.uniform(4, 5.5)
    dots = torch.cos(u * (2 * np.pi / pitch)) + torch.cos(v * (2 * np.pi / pitch)) > 1.1
    part.paint(inside, Tissue.HAEMANGIOMA)
    part.paint(inside & dots, Tissue.SCLEROSIS)


def _paint_oedema(scene: Scene, part: Canvas, body: Body) -> None:
    """Oedema under the upper end plate, through half of the body or more."""
    w = part.local(body.centre, body.axes)[2]
    part.paint(_marrow(part) & (w > body.half_height * scene.random.uniform(-1, 0.4)), Tissue.OEDEMA)


def _ball(scene: Scene, part: Canvas, body: Body, radius: float) -> Tensor:
    """Square of the distance from a random place in the body, in radii."""
    draw = scene.random.uniform
    half = (body.half_width, body.half_depth, body.half_height)
    local = part.local(body.centre, body.axes)
    return sum(
        (((axis - draw(-0.5, 0.5) * size) / radius) ** 2 for axis, size in zip(local, half, strict=True)),
        start=torch.zeros((), device=local.device),
    )


def _marrow(part: Canvas) -> Tensor:
    return part.tissues == Tissue.BODY_MARROW
