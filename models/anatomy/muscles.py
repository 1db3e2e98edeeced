"""The eight labelled muscles: multifidus and erector spinae in one compartment, quadratus lumborum, psoas."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.infiltration import FatPatterns, draw_fat
from models.anatomy.paraspinal import Compartment, shape_compartment
from models.anatomy.planes import paint_planes
from models.anatomy.psoas import draw_psoas
from models.anatomy.quadratus import shape_quadratus
from models.anatomy.scene import SIDES, Scene
from models.anatomy.tissues import FIRST_MUSCLE, MUSCLES, Tissue
from models.anatomy.trunk import Trunk

# Painted in this order; the later covers the earlier.
ORDER = ("quadratus lumborum", "psoas major", "erector spinae", "multifidus")


@dataclass(frozen=True, eq=False)
class _Outlines:
    """Masks by name, and the fat that parts the psoas from its neighbours: all (X, Y, Z) bool."""

    masks: dict[str, Tensor]
    rims: list[Tensor]


def paint_muscles(scene: Scene, trunk: Trunk) -> None:
    """Paint the muscles, the fat in them, and the planes between them."""
    random = scene.random
    uneven = smooth_field(random, scene.canvas.grid, 1, 18)[0] * random.uniform(0.02, 0.07)
    bulk = random.uniform(0.72, 1.2) * scene.spine.size
    compartment = shape_compartment(scene, trunk, uneven)
    outlines = _outline(scene, trunk, compartment, uneven, bulk)
    fat = draw_fat(scene, compartment)
    _paint(scene, outlines, fat)
    paint_planes(scene, compartment, fat.amount)


def _outline(scene: Scene, trunk: Trunk, compartment: Compartment, uneven: Tensor, bulk: float) -> _Outlines:
    masks: dict[str, Tensor] = {}
    rims: list[Tensor] = []
    multifidus = compartment.inside & (scene.lateral < compartment.border)
    erector = compartment.inside & ~multifidus
    free = trunk.inner & ~compartment.inside
    rim = scene.random.uniform(0, 0.2) if scene.random.chance(0.6) else 0.0
    for sign, side in SIDES:
        here = sign * scene.left > 0
        masks[f"{side} erector spinae"] = erector & here
        masks[f"{side} multifidus"] = multifidus & here
        masks[f"{side} quadratus lumborum"] = free & shape_quadratus(scene, sign, compartment, bulk, uneven)
        radius = draw_psoas(scene, sign, bulk).radius(scene) + uneven
        masks[f"{side} psoas major"] = (radius < 1) & free
        rims.append((radius < 1 + rim) & free)
    return _Outlines(masks, rims)


def _paint(scene: Scene, outlines: _Outlines, fat: FatPatterns) -> None:
    """Paint muscle and, where a pattern is above its threshold, the fat in it."""
    for muscle in ORDER:
        if muscle == "psoas major":
            rim = torch.stack(outlines.rims).any(0)
            scene.canvas.paint(rim, Tissue.FAT, instance=0)
        for _, side in SIDES:
            name = f"{side} {muscle}"
            mask = outlines.masks[name]
            scene.canvas.paint(mask, Tissue.MUSCLE, FIRST_MUSCLE + MUSCLES.index(name))
            scene.canvas.paint(mask & fat.inside(scene.random, muscle), Tissue.MUSCLE_FAT)
