"""The trunk's outline and everything in it that is background to a spine: skin, fat, wall and organs."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.scene import L1, L3, L5, Scene
from models.anatomy.tissues import Tissue

ORGANS = (Tissue.SOFT_ORGAN, Tissue.FLUID_ORGAN, Tissue.GAS, Tissue.BRIGHT_ORGAN, Tissue.KIDNEY)
ORGAN_SHARES = (0.35, 0.25, 0.15, 0.15, 0.1)
FILLINGS = (Tissue.ABDOMINAL_WALL, Tissue.SOFT_ORGAN, Tissue.FLUID_ORGAN, Tissue.LIVER)


@dataclass(frozen=True, eq=False)
class Trunk:
    """The trunk's outline.

    Attributes
    ----------
    inner : (X, Y, Z) bool tensor
        Inside the subcutaneous fat.
    fascia : (X, Y, Z) float32 tensor
        Depth of the thoracolumbar fascia behind the canal's centreline, mm.
    half_width, depth : float
        mm.
    """

    inner: Tensor
    fascia: Tensor
    half_width: float
    depth: float


@dataclass(frozen=True, eq=False)
class _Outline:
    """Superelliptic cross-section, cut off behind by the back's own curve."""

    scene: Scene
    half_width: float
    half_depth: float
    exponent: float
    middle: Tensor  #: y of the section's centre, mm

    def norm(self, half_width: float, half_depth: float) -> Tensor:
        """Superelliptic norm for the given half axes in mm; inside where < 1."""
        across = self.scene.lateral / half_width
        deep = (self.scene.canvas.points[1] - self.middle).abs() / half_depth
        return across**self.exponent + deep**self.exponent


def paint_trunk(scene: Scene) -> Trunk:
    """Paint everything that lies outside the spine and its muscles."""
    random, size = scene.random, scene.spine.size
    depth_of_fascia = random.uniform(36, 52) * size
    fat = 2 + 40 * random.uniform(0, 1) ** 1.5
    half_width = random.uniform(125, 178) * size
    depth, exponent = random.uniform(165, 245), random.uniform(2.1, 2.8)
    fascia = _fascia(scene, depth_of_fascia)
    middle = scene.column(scene.centre_back) + depth_of_fascia - depth / 2
    outline = _Outline(scene, half_width, depth / 2, exponent, middle)
    back_edge = fascia - (scene.lateral - 65).clamp(min=0) ** 2 / half_width * random.uniform(0.2, 0.7)
    inner = _paint_coats(scene, outline, back_edge, fat)
    trunk = Trunk(inner, fascia, half_width, depth)
    wall = _paint_wall(scene, outline, inner)
    _paint_latissimus(scene, inner, back_edge)
    cavity = _cavity(scene, inner, wall)
    _fill_cavity(scene, cavity)
    _paint_loops(scene, trunk, cavity)
    _paint_liver_and_spleen(scene, trunk, cavity)
    _paint_kidneys(scene, inner)
    _fill_retroperitoneum(scene, inner)
    _paint_pelvic_muscles(scene, inner)
    return trunk


def _fascia(scene: Scene, depth: float) -> Tensor:
    """Depth of the fascia: flatter towards sacrum and thorax, bulging over the muscle bellies."""
    random, t = scene.random, scene.descent
    along = scene.column(
        depth
        * (1 - random.uniform(0.1, 0.3) * np.clip(t - 1, 0, 1) - random.uniform(0, 0.12) * np.clip(-t, 0, 1))
    )
    belly = random.uniform(26, 38) * scene.spine.size
    return (
        along
        + random.uniform(0, 8) * (-(((scene.lateral - belly) / 20) ** 2)).exp()
        - (scene.lateral / 70) ** 2 * random.uniform(3, 12)
    )


def _paint_coats(scene: Scene, outline: _Outline, back_edge: Tensor, fat: float) -> Tensor:
    """Skin, subcutaneous fat, inner fat; return the inside of the subcutaneous fat."""
    coats = (
        (Tissue.SKIN, fat + 2.2, fat + 2.5),
        (Tissue.SUBCUTANEOUS_FAT, fat, fat),
        (Tissue.FAT, 0.0, 0.0),
    )
    for tissue, behind, around in coats:
        section = outline.norm(outline.half_width + around, outline.half_depth + 6 + around * 0.8)
        inside = (scene.back < back_edge + behind) & (section < 1)
        scene.canvas.paint(inside, tissue)
    return inside


def _paint_wall(scene: Scene, outline: _Outline, inner: Tensor) -> Tensor:
    """Abdominal wall muscles, with two planes of fat between their layers where they are thick."""
    thickness = scene.random.uniform(6, 22)
    cavity = outline.norm(outline.half_width - thickness, outline.half_depth - thickness * 0.4) < 1
    wall = inner & ~cavity & (scene.back < 8)
    scene.canvas.paint(wall, Tissue.ABDOMINAL_WALL)
    if thickness > 10:
        for part in (0.36, 0.68):
            layer = outline.norm(
                outline.half_width - thickness * part, outline.half_depth - thickness * 0.4 * part
            )
            plane = (layer - 1).abs() < scene.random.uniform(0.006, 0.02)
            scene.canvas.paint(wall & plane, Tissue.FAT)
    return wall


def _paint_latissimus(scene: Scene, inner: Tensor, back_edge: Tensor) -> None:
    random = scene.random
    latissimus = (
        inner
        & (scene.back > back_edge - random.uniform(3, 8))
        & (scene.lateral > random.uniform(55, 75))
        & (scene.up > scene.height_of(L5) + random.uniform(20, 60))
    )
    scene.canvas.paint(latissimus, Tissue.ABDOMINAL_WALL)


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


def _paint_loops(scene: Scene, trunk: Trunk, cavity: Tensor) -> None:
    """Bowel loops and other organs: ellipsoids with a wall and a content."""
    random = scene.random
    for _ in range(int(random.numbers.integers(8, 28))):
        centre = np.array(
            [
                random.uniform(-trunk.half_width * 0.85, trunk.half_width * 0.85) + scene.centre_left.mean(),
                np.median(scene.centre_back) + random.uniform(-trunk.depth + 20, -30),
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


def _paint_liver_and_spleen(scene: Scene, trunk: Trunk, cavity: Tensor) -> None:
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
            & (side * scene.left > trunk.half_width - width - 20)
            & (scene.up > scene.height_of(L1) + rise + 0.3 * scene.left * side)
            & (scene.back < random.uniform(-25, 5))
        )
        scene.canvas.paint(organ, Tissue.LIVER)


def _paint_kidneys(scene: Scene, inner: Tensor) -> None:
    random = scene.random
    for side in (1, -1):
        height = scene.height_of(L1) - random.uniform(-10, 45)
        out, front = random.uniform(54, 75), random.uniform(18, 38)
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


def _paint_pelvic_muscles(scene: Scene, inner: Tensor) -> None:
    """Gluteal and iliacus muscle around the iliac wings; they carry no label."""
    random, lateral, back = scene.random, scene.lateral, scene.back
    line = -10 - (lateral - 42) * 0.6
    low = scene.up < scene.height_of(L5) + random.uniform(-18, 4)
    scene.canvas.paint(inner & (lateral > 46) & low & (back > line), Tissue.ABDOMINAL_WALL)
    low = scene.up < scene.height_of(L5) + random.uniform(-12, 6)
    iliacus = inner & (lateral > 38) & low & (back <= line) & (back > -34 - (lateral - 42) * 0.75)
    scene.canvas.paint(iliacus, Tissue.ABDOMINAL_WALL)
