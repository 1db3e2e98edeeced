"""Quadratus lumborum: a flat band from the iliac crest to the 12th rib, before the erector spinae.

Its inner edge lies at the tips of the transverse processes, its outer edge joins the aponeurosis of the
transversus abdominis: Phillips et al., Proc Inst Mech Eng H 2008;222:151-159. Its section grows from about
3 cm2 at L2 to 7 cm2 at L4 in men.
"""

import numpy as np
from torch import Tensor

from models.anatomy.paraspinal import Compartment
from models.anatomy.scene import L5, T12, Scene
from models.anatomy.tissues import Tissue

# mm at size 1, by descent.
DESCENTS = (-0.25, 0, 0.25, 0.5, 0.75, 0.9, 1.1)
MIDDLE = (47, 52, 57, 63, 70, 73, 75)  # from the midline
HALF_WIDTH = (9, 14, 17.5, 20, 21, 19, 14)
HALF_DEPTH = (3.5, 4.8, 5.6, 6.4, 6.8, 6.4, 5.2)


def shape_quadratus(scene: Scene, side: int, compartment: Compartment, bulk: float, uneven: Tensor) -> Tensor:
    """Outline of the muscle of the left (1) or right (-1) side, and paint the aponeurosis beside it.

    Returns
    -------
    (X, Y, Z) bool tensor
    """
    random, size = scene.random, scene.spine.size
    middle, half_width, half_depth = (
        scene.column(np.interp(scene.descent, DESCENTS, values) * size * random.uniform(low, high))
        for values, low, high in (
            (MIDDLE, 0.85, 1.1),
            (HALF_WIDTH, 0.72, 1.25),
            (HALF_DEPTH, 0.55 * bulk, 1.25 * bulk),
        )
    )
    out = side * scene.left - middle
    across = out / half_width
    course = compartment.floor - random.uniform(-1, 4) - half_depth
    course = course + out * random.uniform(-0.25, 0.25) - out**2 / half_width * random.uniform(-0.15, 0.12)
    deep = (scene.back - course) / half_depth
    n = random.uniform(2, 4)
    bottom = scene.height_of(L5) + random.uniform(-8, 16)
    top = scene.height_of(T12) + random.uniform(-16, 6)
    along = (scene.up > bottom) & (scene.up < top)
    _paint_aponeurosis(scene, along & (across > 0), (scene.back - course).abs(), out / half_width)
    return (across.abs() ** n + deep.abs() ** n < 1 + 2 * uneven) & along


def _paint_aponeurosis(scene: Scene, where: Tensor, distance: Tensor, across: Tensor) -> None:
    """Continue the band into the abdominal wall: as muscle, or as a sheet of connective tissue."""
    random = scene.random
    reach = random.uniform(1.2, 4)
    muscular = random.chance(0.6)
    thickness = random.uniform(2, 6) if muscular else random.uniform(0.5, 1.2)
    sheet = where & (distance < thickness) & (across < reach) & (scene.canvas.tissues == Tissue.FAT)
    scene.canvas.paint(sheet, Tissue.ABDOMINAL_WALL if muscular else Tissue.LIGAMENT)
