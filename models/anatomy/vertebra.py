"""One vertebra: body and arch as one solid, which keeps clear of the bone below and of the canal."""

import torch
from torch import Tensor

from models.anatomy.canvas import Canvas
from models.anatomy.facets import facet_below
from models.anatomy.implicit import join
from models.anatomy.pathology import Transition
from models.anatomy.posterior import (
    PEDICLE_HALF_WIDTH,
    Arch,
    Wings,
    arch_distance,
    isthmus_gap,
    laminectomy_gap,
)
from models.anatomy.scene import Scene
from models.anatomy.shapes import Body, body_distance
from models.anatomy.solid import FAR, Solid
from models.anatomy.tissues import FIRST_VERTEBRA, Tissue

REACH = (54.0, 62.0, 44.0)  # mm around a point 20 mm behind the body's centre
DENSE = 1.2  # the arch's cortex is that much thicker than the body's
FILLET = 3.0  # mm, where the pedicles leave the body
SEAM = 1.5  # mm: how far the body's tissue reaches into the pedicles


def paint_vertebra(
    scene: Scene, level: int, cortex: float, below: Solid | None, taken: Tensor
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
    taken : (X, Y, Z) tensor
        Distance to what the arch must leave free, the canal above all, mm.

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
    shape = _arch(scene, level)
    arch = torch.maximum(arch_distance(local, shape, scene.spine.habit, scene.random), -taken[box])
    arch = _open_arch(scene, part, arch, shape, level)
    whole = join(trunk, arch, FILLET)
    bone = _keep_clear(scene, part, whole, None if below is None else below.seen_from(box))
    _paint(part, bone, trunk, cortex, FIRST_VERTEBRA + level)
    if scene.random.chance(0.7):
        _paint_basivertebral_vein(scene, part, local, body, trunk < -cortex)
    return Solid(box, bone)


def _arch(scene: Scene, level: int) -> Arch:
    spine = scene.spine
    body, kind = spine.vertebrae[level], spine.kinds[level]
    pedicle = spine.canal_width + PEDICLE_HALF_WIDTH[kind] * spine.size * 0.8
    facet = facet_below(spine.facets[level], spine.below(level), body)
    above, wings = spine.facets[level + 1], _wings(scene) if level == 0 else None
    return Arch(kind, body, pedicle, spine.canal_depth, spine.canal_width, above, facet, wings)


def _wings(scene: Scene) -> Wings | None:
    """Transverse processes 19 mm high or more, on one side or both, that may reach the sacrum."""
    random, transition = scene.random, scene.spine.pathology.transition
    if transition not in (Transition.BROAD, Transition.ARTICULATED):
        return None
    side = int(random.numbers.choice([-1, 0, 0, 1]))
    drop = random.uniform(14, 20) if transition is Transition.ARTICULATED else random.uniform(0, 6)
    return Wings(side, random.uniform(9.5, 12), drop * scene.spine.size)


def _open_arch(scene: Scene, part: Canvas, arch: Tensor, shape: Arch, level: int) -> Tensor:
    """Cut what a surgeon took away, or what never grew together; scar and fibrous tissue take its place."""
    findings, local = scene.spine.pathology, part.local(shape.body.centre, shape.body.axes)
    for levels, gap in ((findings.lysis, isthmus_gap), (findings.laminectomy, laminectomy_gap)):
        if level in levels:
            hole = gap(local, shape)
            scar = (arch < 0) & (hole < 0)
            part.paint(scar, Tissue.LIGAMENT, instance=0)
            arch = torch.maximum(arch, -hole)
    return arch


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
