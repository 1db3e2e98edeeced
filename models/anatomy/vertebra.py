"""One vertebra: posterior elements as a union of simple shapes, then the body."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.randomness import Randomness
from models.anatomy.scene import L5, T12, Scene
from models.anatomy.shapes import Body, body_surface
from models.anatomy.tissues import FIRST_VERTEBRA, SACRUM, Tissue

REACH = (62.0, 62.0, 48.0)  # mm around a point 20 mm behind the body's centre

Part = tuple[Tensor, Tensor]
"""Mask, and depth below the part's surface in mm."""


@dataclass(frozen=True, eq=False)
class _Frame:
    """What the parts of one vertebra are measured from; coordinates in the body's own frame, mm."""

    level: int
    body: Body
    random: Randomness
    size: float
    canal: float  #: half depth of the canal
    pedicle: float  #: distance of the pedicles from the midline
    local: Tensor  #: u, v, w as one
    out: Tensor  #: |u|
    u: Tensor
    v: Tensor
    w: Tensor


def paint_vertebra(scene: Scene, level: int, cortex: float) -> None:
    """Paint vertebra `LEVELS[level]` with `cortex` mm of cortical bone; lower vertebrae and sacrum stay."""
    body = scene.spine.vertebrae[level]
    part = scene.canvas.window(body.centre + body.axes[:, 1] * 20, REACH)
    if part is None:
        return
    label = FIRST_VERTEBRA + level
    lower = (part.instances >= FIRST_VERTEBRA) & (part.instances < label)
    sacrum = part.instances == SACRUM
    local = part.local(body.centre, body.axes)
    frame = _frame(scene, level, body, local)
    for mask, depth in _posterior_parts(frame):
        part.paint_bone(
            mask & ~sacrum & ~lower,
            depth < cortex * 1.1,
            Tissue.POSTERIOR_CORTEX,
            Tissue.POSTERIOR_MARROW,
            label,
        )
    inside, depth = _body(frame)
    inside = inside & ~lower
    part.paint_bone(inside, depth < cortex, Tissue.BODY_CORTEX, Tissue.BODY_MARROW, label)
    if scene.random.chance(0.6):
        part.paint(inside & _basivertebral_vein(frame), Tissue.BONE_LESION)


def _body(frame: _Frame) -> Part:
    w = frame.w
    radius, upper, lower = body_surface(frame.local, frame.body)
    inside = (radius < 1) & (w < upper) & (w > -lower)
    return inside, torch.minimum((1 - radius) * frame.body.half_depth, torch.minimum(upper - w, w + lower))


def _basivertebral_vein(frame: _Frame) -> Tensor:
    return (frame.v > frame.body.half_depth * 0.2) & (frame.out < 3) & (frame.w.abs() < 1.8)


def _frame(scene: Scene, level: int, body: Body, local: Tensor) -> _Frame:
    pedicle = body.half_width * scene.random.uniform(0.58, 0.68)
    u, v, w = local
    spine = scene.spine
    return _Frame(level, body, scene.random, spine.size, spine.canal_depth, pedicle, local, u.abs(), u, v, w)


def _posterior_parts(frame: _Frame) -> Iterator[Part]:
    """Pedicles, lamina, spinous, transverse and articular processes, in this order."""
    yield _pedicles(frame)
    yield _lamina(frame)
    yield _spinous_process(frame)
    yield _transverse_processes(frame)
    yield from _articular_processes(frame)


def _ellipsoids(
    frame: _Frame,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
    tilt: float = 0.0,
) -> Part:
    """Build an ellipsoid on each side; `tilt` lifts it outward."""
    x = frame.out - centre[0]
    y = frame.v - centre[1]
    z = frame.w - centre[2] - tilt * x
    distance = ((x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2).sqrt()
    return distance < 1, (1 - distance) * min(radii)


def _pedicles(frame: _Frame) -> Part:
    draw, body = frame.random.uniform, frame.body
    broad = 2.5 if frame.level == L5 else 0
    distance = (
        ((frame.out - frame.pedicle) / draw(3.6, 5.5 + broad)) ** 2
        + ((frame.w - body.half_height * 0.32) / draw(6, 8)) ** 2
    ).sqrt()
    front, end = body.half_depth * 0.4, body.half_depth + frame.canal * 1.1 + 4
    return (distance < 1) & (frame.v > front) & (frame.v < end), (1 - distance) * 4


def _lamina(frame: _Frame) -> Part:
    """Ring of bone behind the canal."""
    body, u, w = frame.body, frame.u, frame.w
    width, depth = frame.pedicle * 0.92, frame.canal * 1.08
    behind = frame.v - body.half_depth - frame.canal
    inner = ((u / width) ** 2 + (behind / depth) ** 2).sqrt()
    thickness = frame.random.uniform(4.5, 6.5)
    outer = ((u / (width + thickness)) ** 2 + (behind / (depth + thickness)) ** 2).sqrt()
    ring = (
        (inner > 1)
        & (outer < 1)
        & (frame.v > body.half_depth + frame.canal)
        & (w > -body.half_height * 1.05)
        & (w < body.half_height * 0.35 - behind * 0.25)
    )
    return ring, torch.minimum((inner - 1) * width, (1 - outer) * (width + thickness))


def _spinous_process(frame: _Frame) -> Part:
    draw, body = frame.random.uniform, frame.body
    lowest, thoracic = frame.level == L5, frame.level >= T12
    length = draw(22, 34) * frame.size * (0.8 if lowest else 1)
    drop = draw(0.15, 0.5) * (1.6 if thoracic else 1)
    root = body.half_depth + 2 * frame.canal
    along = (frame.v - root) / length
    axis = -body.half_height * 0.35 - drop * (frame.v - root)
    half_height = draw(8, 11) * (0.65 if lowest else 1)
    half_width = draw(2.6, 4.2)
    blade = half_width * (1 + 0.4 * along) + (1 - along).clamp(min=0) ** 2 * 2.5
    off_axis = (frame.w - axis).abs()
    inside = (
        (along > -0.3)
        & (along < 1)
        & (frame.out < blade)
        & (off_axis < half_height * (0.8 + 0.35 * along.clamp(0, 1)))
    )
    return inside, torch.minimum(half_width * 1.2 - frame.out, half_height - off_axis)


def _transverse_processes(frame: _Frame) -> Part:
    draw, body, canal = frame.random.uniform, frame.body, frame.canal
    height = body.half_height * 0.15
    if frame.level >= T12:
        return _ellipsoids(frame, (frame.pedicle + 10, body.half_depth + canal + 7, height), (11, 5, 5))
    centre = (
        frame.pedicle + 15 * draw(0.9, 1.1),
        body.half_depth + canal * 0.7 + draw(0, 4),
        height,
    )
    radii = (draw(16, 22), draw(3.5, 5), draw(4.5, 7))
    return _ellipsoids(frame, centre, radii, tilt=draw(-0.1, 0.25))


def _articular_processes(frame: _Frame) -> Iterator[Part]:
    """Superior and inferior facets, thickened by wear, and the isthmus between them."""
    thick = frame.random.uniform(0.9, 1.3) * (1 + 0.35 * frame.body.degeneration)
    pedicle, wall, h = frame.pedicle, frame.body.half_depth + frame.canal, frame.body.half_height
    yield _ellipsoids(frame, (pedicle * 1.05, wall + 5, h * 0.95), (5.5 * thick, 5.0 * thick, 10))
    yield _ellipsoids(frame, (pedicle * 0.78, wall + 9, -h * 1.15), (5.0 * thick, 4.6 * thick, 11))
    yield _ellipsoids(frame, (pedicle * 0.95, wall + 6, -h * 0.1), (5.5, 5.5, h * 0.9))
