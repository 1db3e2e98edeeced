"""The eight labelled muscles: multifidus and erector spinae in one compartment, quadratus lumborum, psoas.

Multifidus and erector spinae fill the compartment between the laminae and the thoracolumbar fascia and are
parted by a septum that runs further out caudally, as on axial MR.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.fields import smooth_field, streak_field
from models.anatomy.scene import L1, L3, L5, SIDES, T12, Profile, Scene
from models.anatomy.tissues import FIRST_MUSCLE, MUSCLES, Tissue
from models.anatomy.trunk import Trunk

# Painted in this order; the later covers the earlier.
ORDER = ("quadratus lumborum", "psoas major", "erector spinae", "multifidus")
FATNESS = {"multifidus": 1.0, "erector spinae": 0.75, "psoas major": 0.25, "quadratus lumborum": 0.4}


@dataclass(frozen=True, eq=False)
class _Compartment:
    """The paraspinal compartment and the septum in it."""

    inside: Tensor
    septum: Tensor  #: distance of the septum from the midline, mm
    width: Tensor  #: distance of the lateral edge from the midline, mm


@dataclass(frozen=True, eq=False)
class _Tube:
    """A muscle that runs along the spine with a superelliptic section; profiles in mm."""

    out: Profile  #: to the left of the canal
    behind: Profile
    half_width: Profile
    half_depth: Profile
    angle: float
    exponent: float
    bottom: float  #: z, mm
    top: float

    def inside(self, scene: Scene, uneven: Tensor) -> Tensor:
        """Evaluate the tube; `uneven` shifts its surface."""
        c, s = float(np.cos(self.angle)), float(np.sin(self.angle))
        x, y = scene.left - scene.column(self.out), scene.back - scene.column(self.behind)
        p, q, n = x * c + y * s, -x * s + y * c, self.exponent
        across = (p.abs() / scene.column(self.half_width)) ** n
        deep = (q.abs() / scene.column(self.half_depth)) ** n
        radius = (across + deep) ** (1 / n) + uneven
        return (radius < 1) & (scene.up > self.bottom) & (scene.up < self.top)


def paint_muscles(scene: Scene, trunk: Trunk) -> None:
    """Paint the muscles, the fat in them, and the planes between them."""
    random = scene.random
    uneven = smooth_field(random, scene.canvas.grid, 1, 18)[0] * random.uniform(0.02, 0.07)
    bulk = random.uniform(0.75, 1.3) * scene.spine.size
    fattiness, shrink = random.uniform(0, 1), random.uniform(0.86, 1.0)
    compartment = _compartment(scene, trunk, uneven, shrink)
    gap = random.uniform(0, 3.2) * (0.4 + fattiness)  # mm
    masks = _outlines(scene, trunk, compartment, uneven, bulk)
    _paint_masks(scene, masks, compartment, fattiness)
    _paint_planes(scene, compartment, gap)


def _compartment(scene: Scene, trunk: Trunk, uneven: Tensor, shrink: float) -> _Compartment:
    random, t, lateral, back = scene.random, scene.descent, scene.lateral, scene.back
    size = scene.spine.size
    widest = random.uniform(52, 72) * size
    narrowing = [0.92, 1, random.uniform(0.78, 0.98), random.uniform(0.55, 0.8)]
    width = scene.column(widest * np.interp(t, [-0.7, 0.6, 1, 1.5], narrowing))
    floor = random.uniform(-4, 5) + random.uniform(0, 0.12) * (lateral - 20)
    roof = trunk.fascia - random.uniform(0.5, 2.5)
    across = (lateral - width * 0.5 - 1).clamp(min=0) / (width * 0.5 * shrink)
    deep = (back - (floor + roof) / 2).abs() / ((roof - floor) / 2 * shrink)
    n = random.uniform(1.8, 2.8)
    bottom = float(scene.spine.promontory[2]) - random.uniform(15, 60)
    inside = (across**n + deep**n + uneven < 1) & trunk.inner & (scene.up > bottom)
    return _Compartment(inside, _septum(scene), width)


def _septum(scene: Scene) -> Tensor:
    """Lateral edge of the multifidus: 8 mm from the midline at T12, 31 mm at L5."""
    random, back = scene.random, scene.back
    breadth = np.clip(random.normal(1, 0.13), 0.72, 1.35)
    edge = np.array([8.5, 12, 16.5, 24, 31, 36]) * breadth
    straight = np.interp(scene.descent, [-0.7, 0, 0.35, 0.75, 1, 1.4], edge) * scene.spine.size
    caudal = (scene.column(scene.descent) - 0.3).clamp(0, 1)
    return (
        scene.column(straight)
        + (back - 20) * (random.uniform(-0.35, 0.15) + caudal * random.uniform(0, 0.6))
        - ((back - 20) / 18) ** 2 * random.uniform(-1, 5)
        + smooth_field(random, scene.canvas.grid, 1, 22)[0] * random.uniform(0.3, 2)
    )


def _outlines(
    scene: Scene, trunk: Trunk, compartment: _Compartment, uneven: Tensor, bulk: float
) -> dict[str, Tensor]:
    """Mask of each muscle by its name."""
    masks = {}
    multifidus = compartment.inside & (scene.lateral < compartment.septum)
    erector = compartment.inside & ~multifidus
    free = trunk.inner
    for sign, side in SIDES:
        here = sign * scene.left > 0
        masks[f"{side} erector spinae"] = erector & here
        masks[f"{side} multifidus"] = multifidus & here
        asymmetry = scene.random.uniform(0.9, 1.1)
        for name, draw in (("quadratus lumborum", _draw_quadratus), ("psoas major", _draw_psoas)):
            tube = draw(scene, sign, bulk, asymmetry)
            masks[f"{side} {name}"] = tube.inside(scene, uneven) & free & ~compartment.inside
    return masks


def _draw_quadratus(scene: Scene, sign: int, bulk: float, asymmetry: float) -> _Tube:
    random, t, size = scene.random, scene.descent, scene.spine.size
    return _Tube(
        out=sign * (50 + 11 * np.clip(t, -0.3, 1)) * size * random.uniform(0.93, 1.07),
        behind=(-6 + random.uniform(-4, 4) + 3 * t) * size,
        half_width=(13 + 5 * np.clip(t, -0.3, 1.2)) * bulk * asymmetry,
        half_depth=(5.5 + 3 * np.clip(t, -0.3, 1.2)) * bulk,
        angle=-sign * random.uniform(0.0, 0.9),
        exponent=random.uniform(2, 2.8),
        bottom=scene.height_of(L5) - random.uniform(0, 14),
        top=scene.height_of(T12) + random.uniform(-5, 8),
    )


def _draw_psoas(scene: Scene, sign: int, bulk: float, asymmetry: float) -> _Tube:
    """Psoas: a thread at L1 beside the body, thick and further out and forward at L5."""
    random, spine = scene.random, scene.spine
    t = np.clip(scene.descent + 0.25, 0, 2)
    half_width = (3 + 15 * np.sqrt(t + 0.02)) * bulk * asymmetry
    half_depth = (6 + 15 * np.sqrt(t + 0.02)) * bulk
    caudal = np.clip(scene.descent, 0, 1)
    body = spine.vertebrae[L3]
    edge = body.half_width - 1 + 2 * caudal + 14 * np.clip(scene.descent - 1, 0, 1.2)
    return _Tube(
        out=sign * (edge + half_width * random.uniform(0.78, 1.0)),
        behind=-(spine.canal_depth + body.half_depth) * random.uniform(0.85, 1.1)
        + random.uniform(2, 6)
        - (9 * t**2 * random.uniform(0.2, 0.7)),
        half_width=half_width,
        half_depth=half_depth,
        angle=sign * random.uniform(-0.5, 0.3),
        exponent=random.uniform(2, 2.6),
        bottom=-1e3,
        top=scene.height_of(L1) + random.uniform(-2, 18),
    )


def _paint_masks(scene: Scene, masks: dict[str, Tensor], compartment: _Compartment, fattiness: float) -> None:
    """Paint muscle and, where the streak pattern is above a threshold, the fat in it."""
    random = scene.random
    streaks = streak_field(random, scene.canvas.grid)
    patterns = _fat_patterns(scene, streaks, compartment, fattiness)
    for muscle in ORDER:
        for _, side in SIDES:
            name = f"{side} {muscle}"
            level = fattiness * FATNESS[muscle] * random.uniform(0.6, 1.3)
            fat = patterns.get(muscle, streaks) > 2.3 - 2.1 * min(level, 1.05)
            scene.canvas.paint(masks[name], Tissue.MUSCLE, FIRST_MUSCLE + MUSCLES.index(name))
            scene.canvas.paint(masks[name] & fat, Tissue.MUSCLE_FAT)


def _fat_patterns(
    scene: Scene, streaks: Tensor, compartment: _Compartment, fattiness: float
) -> dict[str, Tensor]:
    """Multifidus turns to fat from its depth, erector spinae from its side, both from below."""
    random = scene.random
    deep = torch.exp(-(((scene.back - random.uniform(8, 16)) / random.uniform(5, 10)) ** 2)) * random.uniform(
        0, 1.8
    )
    side = ((scene.lateral - compartment.width * 0.7) / 20).clamp(0, 1) * random.uniform(-0.5, 0.8)
    below = 0.5 * fattiness * (scene.column(scene.descent) - 0.6)
    return {
        "multifidus": streaks + deep * fattiness + below,
        "erector spinae": streaks + side * fattiness + below,
    }


def _paint_planes(scene: Scene, compartment: _Compartment, gap: float) -> None:
    """Septum, the plane between longissimus and iliocostalis, and the midline."""
    random, canvas, lateral = scene.random, scene.canvas, scene.lateral
    inside, septum, width = compartment.inside, compartment.septum, compartment.width
    canvas.paint(inside & ((lateral - septum).abs() < gap / 2), Tissue.FAT, instance=0 if gap > 1.5 else None)
    plane = (
        septum + (width - septum) * random.uniform(0.4, 0.6) + (scene.back - 20) * random.uniform(-0.4, 0.4)
    )
    thin = inside & ((lateral - plane).abs() < random.uniform(0, 1.2))
    canvas.paint(thin, Tissue.MUSCLE_FAT if random.chance(0.6) else Tissue.LIGAMENT)
    midline = inside & (lateral < random.uniform(0.8, 3.0))
    canvas.paint(midline, Tissue.FAT if random.chance(0.6) else Tissue.LIGAMENT, instance=0)
