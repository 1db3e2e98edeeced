"""One vertebra: body and arch as one solid, which keeps clear of the bone below and of the canal."""

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.implicit import join
from models.anatomy.posterior import PEDICLE_HALF_WIDTH, Arch, arch_distance, facet_below
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_distance
from models.anatomy.solid import FAR, Solid
from models.anatomy.tissues import FIRST_VERTEBRA, Tissue

REACH = (54.0, 62.0, 44.0)  # mm around a point 20 mm behind the body's centre
DENSE = 1.2  # the arch's cortex is that much thicker than the body's
FILLET = 3.0  # mm, where the pedicles leave the body
SEAM = 1.5  # mm: how far the body's tissue reaches into the pedicles


def paint_vertebra(
    scene: Scene, level: int, cortex: float, below: Solid | None, canal: Tensor
) -> Solid | None:
    """Paint vertebra `LEVELS[level]`.

    Parameters
    ----------
    scene : Scene
    level : int
    cortex : float
        Thickness of the body's cortical bone, mm.
    below : Solid, optional
        The bone below, which this one keeps clear of by the width of a joint space.
    canal : (X, Y, Z) tensor
        Distance to the bony canal, mm.

    Returns
    -------
    Solid or None
        None if the vertebra is out of view.
    """
    body = scene.spine.vertebrae[level]
    box = scene.canvas.grid.box(body.centre + body.axes[:, 1] * 20, REACH)
    if box is None:
        return None
    part = scene.canvas.cut(box)
    local = part.local(body.centre, body.axes)
    trunk = body_distance(local, body)
    arch = arch_distance(local, _arch(scene, level), scene.spine.habit, scene.random)
    arch = torch.maximum(arch, -canal[box])
    whole = join(trunk, arch, FILLET)
    bone = _keep_clear(scene, part, whole, None if below is None else below.seen_from(box))
    _paint(part, bone, trunk, cortex, FIRST_VERTEBRA + level)
    if scene.random.chance(0.7):
        _paint_basivertebral_vein(scene, part, local, body, trunk < -cortex)
    return Solid(box, bone)


def _arch(scene: Scene, level: int) -> Arch:
    spine = scene.spine
    body = spine.vertebrae[level]
    lower = spine.sacrum[0] if level == 0 else spine.vertebrae[level - 1]
    pedicle = spine.canal_width + PEDICLE_HALF_WIDTH[level] * spine.size * 0.8
    facet = facet_below(spine.facets[level], lower, body)
    return Arch(level, body, pedicle, spine.canal_depth, spine.canal_width, spine.facets[level + 1], facet)


def _keep_clear(scene: Scene, part: Canvas, whole: Tensor, below: Tensor | None) -> Tensor:
    """Cut off what comes closer to the bone below than a joint space, and fill the space with cartilage."""
    if below is None:
        return whole
    gap = scene.spine.habit.gap
    joint = (whole < 0.3) & (below > 0) & (below < gap)
    part.paint(joint & (below < FAR), Tissue.CARTILAGE, instance=0)
    return torch.maximum(whole, gap - below)


def _paint(part: Canvas, bone: Tensor, trunk: Tensor, cortex: float, label: int) -> None:
    inside, of_body = bone < 0, trunk < SEAM
    part.paint_bone(
        inside & ~of_body, bone > -cortex * DENSE, Tissue.POSTERIOR_CORTEX, Tissue.POSTERIOR_MARROW, label
    )
    part.paint_bone(inside & of_body, bone > -cortex, Tissue.BODY_CORTEX, Tissue.BODY_MARROW, label)


def _paint_basivertebral_vein(scene: Scene, part: Canvas, local: Tensor, body: Body, marrow: Tensor) -> None:
    """Paint the vein that leaves the body through its back wall: wide behind, forked in front."""
    u, v, w = local
    random = scene.random
    reach = body.half_depth * random.uniform(0.0, 0.5)
    opening = ((v - reach) / (body.half_depth - reach)).clamp(0, 1)
    fork = (u.abs() - (1 - opening) * random.uniform(2, 7)).abs()
    flat = (fork / (1 + 3.5 * opening)) ** 2 + (w / (0.7 + 1.6 * opening)) ** 2
    part.paint(marrow & (v > reach) & (flat < 1), Tissue.VEIN)
