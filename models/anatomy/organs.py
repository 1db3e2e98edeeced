"""Everything in the trunk that is neither spine nor wall: bowel, liver, spleen, kidneys, colon, diaphragm.

Most of it has the signal of muscle in one contrast or another, and touches psoas or quadratus lumborum.
"""

import numpy as np
import torch
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.scene import L1, L2, L3, L5, SIDES, T12, Scene
from models.anatomy.tissues import Tissue

ORGANS = (Tissue.SOFT_ORGAN, Tissue.FLUID_ORGAN, Tissue.GAS, Tissue.BRIGHT_ORGAN, Tissue.KIDNEY)
ORGAN_SHARES = (0.35, 0.25, 0.15, 0.15, 0.1)
FILLINGS = (Tissue.ABDOMINAL_WALL, Tissue.SOFT_ORGAN, Tissue.FLUID_ORGAN, Tissue.LIVER)


def paint_organs(scene: Scene, inner: Tensor, wall: Tensor, half_width: float, depth: float) -> None:
    """Paint the organs of a trunk.

    Parameters
    ----------
    scene : Scene
    inner, wall : (X, Y, Z) bool tensors
        Inside of the subcutaneous fat; muscles of the abdominal wall.
    half_width, depth : float
        Size of the trunk, mm.
    """
    cavity = _cavity(scene, inner, wall)
    _fill_cavity(scene, cavity)
    _paint_loops(scene, half_width, depth, cavity)
    _paint_colon(scene, inner & ~wall)
    _paint_liver_and_spleen(scene, half_width, cavity)
    _paint_kidneys(scene, inner)
    _fill_retroperitoneum(scene, inner)
    _paint_diaphragm(scene, inner)


def _cavity(scene: Scene, inner: Tensor, wall: Tensor) -> Tensor:
    """Abdominal cavity: in front of the spine, further back at the sides."""
    spine, random = scene.spine, scene.random
    front = -(2 * spine.vertebrae[L3].half_depth + spine.canal_depth + random.uniform(2, 10))
    limit = front + (scene.lateral - 25).clamp(min=0) * random.uniform(0.1, 0.5)
    return inner & ~wall & (scene.back < limit)


def _fill_cavity(scene: Scene, cavity: Tensor) -> None:
    """In two of three people, blobs of bowel rather than fat."""
    random, canvas = scene.random, scene.canvas
    if random.uniform(0, 1) <= 0.35:
        return
    blobs = smooth_field(random, canvas.grid, 1, random.uniform(16, 40))[0]
    canvas.paint(cavity & (blobs > random.uniform(-0.2, 0.8)), Tissue.SOFT_ORGAN)
    canvas.paint(cavity & (blobs < random.uniform(-1.6, -0.6)), Tissue.FLUID_ORGAN)


def _paint_loops(scene: Scene, half_width: float, depth: float, cavity: Tensor) -> None:
    """Bowel loops and other organs: ellipsoids with a wall and a content."""
    random = scene.random
    for _ in range(int(random.numbers.integers(8, 28))):
        centre = np.array(
            [
                random.uniform(-half_width * 0.85, half_width * 0.85) + scene.centre_left.mean(),
                np.median(scene.centre_back) + random.uniform(-depth + 20, -30),
                random.uniform(-150, 150),
            ]
        )
        radii = np.array([random.uniform(10, 32), random.uniform(10, 26), random.uniform(10, 40)])
        radii = radii * (1 if random.chance(0.85) else 1.8)
        box = scene.canvas.grid.box(centre, tuple(radii))
        if box is None:
            continue
        part = scene.canvas.cut(box)
        x, y, z = (((part.points[k] - float(centre[k])) / float(radii[k])) ** 2 for k in range(3))
        distance = x + y + z
        inside = (distance < 1) & cavity[box]
        content = ORGANS[int(random.numbers.choice(len(ORGANS), p=ORGAN_SHARES))]
        part.paint(inside, Tissue.SOFT_ORGAN)
        part.paint(inside & (distance < 0.75), content)


def _paint_liver_and_spleen(scene: Scene, half_width: float, cavity: Tensor) -> None:
    random = scene.random
    if not random.chance(0.7):
        return
    organs = (
        (-1, random.uniform(-30, 60), random.uniform(60, 110)),  # liver: right
        (1, random.uniform(20, 80), random.uniform(25, 45)),
    )
    for side, rise, width in organs:
        organ = (
            cavity
            & (side * scene.left > half_width - width - 20)
            & (scene.up > scene.height_of(L1) + rise + 0.3 * scene.left * side)
            & (scene.back < random.uniform(-25, 5))
        )
        scene.canvas.paint(organ, Tissue.LIVER)


def _paint_kidneys(scene: Scene, inner: Tensor) -> None:
    random = scene.random
    for side in (1, -1):
        height = scene.height_of(L1) - random.uniform(-10, 45)
        out, front = random.uniform(54, 78), random.uniform(-6, 36)
        rx, ry, rz = random.uniform(20, 30), random.uniform(18, 28), random.uniform(42, 58)
        deep, rise = scene.back + front, scene.up - height
        kidney = ((scene.left - side * out) / rx) ** 2 + (deep / ry) ** 2 + (rise / rz) ** 2 < 1
        scene.canvas.paint(kidney & inner, Tissue.KIDNEY)
        sinus = ((scene.left - side * (out - 8)) / (rx * 0.45)) ** 2 + (deep / (ry * 0.4)) ** 2 + (
            rise / (rz * 0.5)
        ) ** 2 < 1
        scene.canvas.paint(sinus & inner, Tissue.FAT)


def _fill_retroperitoneum(scene: Scene, inner: Tensor) -> None:
    """In half of the people, something else than fat beside the spine: a hard negative for muscles."""
    random, canvas = scene.random, scene.canvas
    if not random.chance(0.5):
        return
    blobs = smooth_field(random, canvas.grid, 1, random.uniform(20, 50))[0]
    where = (
        inner
        & (canvas.tissues == Tissue.FAT)
        & (scene.back < random.uniform(-5, 20))
        & (blobs < random.uniform(-0.5, 2))
    )
    canvas.paint(where, FILLINGS[int(random.numbers.choice(len(FILLINGS)))])


def _paint_colon(scene: Scene, free: Tensor) -> None:
    """Ascending and descending colon: in thin people against psoas and quadratus lumborum."""
    random = scene.random
    texture = smooth_field(random, scene.canvas.grid, 1, 7)[0]
    for sign, _ in SIDES:
        if not random.chance(0.8):
            continue
        sway = random.uniform(6, 16) * np.sin(scene.heights / random.uniform(12, 30) + random.uniform(0, 6))
        out = sign * scene.left - scene.column(random.uniform(62, 108) * scene.spine.size + sway)
        deep = scene.back + scene.column(random.uniform(14, 55) + random.uniform(0, 1) * sway)
        radius = scene.column(random.uniform(11, 27) + 0.3 * sway)
        distance = ((out / radius) ** 2 + (deep / radius / random.uniform(0.8, 1.3)) ** 2).sqrt()
        low, high = scene.height_of(L5) - random.uniform(0, 40), scene.height_of(L1) + random.uniform(-50, 30)
        loop = free & (distance < 1) & (scene.up > low) & (scene.up < high)
        scene.canvas.paint(loop, Tissue.SOFT_ORGAN)
        contents = [ORGANS[int(k)] for k in random.numbers.choice(len(ORGANS), 2, p=ORGAN_SHARES)]
        scene.canvas.paint(loop & (distance < random.uniform(0.75, 0.95)), contents[0])
        if random.chance(0.7):
            scene.canvas.paint(loop & (distance < 0.85) & (texture > random.uniform(0, 1.2)), contents[1])


def _paint_diaphragm(scene: Scene, inner: Tensor) -> None:
    """Crura beside the bodies down to L2 or L3, and the sheet over psoas and quadratus lumborum."""
    random, spine = scene.random, scene.spine
    body = spine.vertebrae[L2]
    front = -(2 * body.half_depth + spine.canal_depth)
    for sign, _ in SIDES:
        end = scene.height_of(L3 if sign < 0 else L2) + random.uniform(-20, 25)
        growth = scene.column(np.clip((scene.heights - end) / random.uniform(25, 60), 0, 1))
        out = (sign * scene.left - random.uniform(9, 20)) / random.uniform(6, 13)
        deep = (scene.back - front + random.uniform(-3, 6)) / random.uniform(5, 11)
        crus = ((out**2 + deep**2).sqrt() < growth) & inner
        scene.canvas.paint(crus, Tissue.ABDOMINAL_WALL)
        _paint_sheet(scene, inner, sign, front)


def _paint_sheet(scene: Scene, inner: Tensor, sign: int, front: float) -> None:
    """Lumbar part of the diaphragm: above the arcuate ligaments, from the body back to the 12th rib."""
    random = scene.random
    out = sign * scene.left
    sag = random.uniform(0.2, 0.8) * torch.sin(((out - 20) / 70).clamp(0, 1) * 3.1)
    course = front * (0.55 - sag) + (out - 20) * random.uniform(-0.2, 0.25)
    low = scene.height_of(T12) + random.uniform(-35, 5) + (out - 20) * random.uniform(-0.4, 0.1)
    near = (scene.back - course).abs() < random.uniform(1, 3.5)
    sheet = inner & near & (out > 15) & (scene.up > low)
    scene.canvas.paint(sheet & (scene.canvas.tissues != Tissue.KIDNEY), Tissue.ABDOMINAL_WALL)
