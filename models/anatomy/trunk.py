"""The trunk's outline and everything in it that is background to a spine: skin, fat, wall and organs."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from models.anatomy.organs import paint_organs
from models.anatomy.scene import L5, Scene
from models.anatomy.tissues import Tissue


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
    paint_organs(scene, inner, wall, half_width, depth)
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


def _paint_pelvic_muscles(scene: Scene, inner: Tensor) -> None:
    """Gluteal and iliacus muscle around the iliac wings; they carry no label."""
    random, lateral, back = scene.random, scene.lateral, scene.back
    line = -10 - (lateral - 42) * 0.6
    slope = (scene.lateral - 46).clamp(min=0) * random.uniform(0, 0.3)  # the wing's crest rises outward
    low = scene.up < scene.height_of(L5) + random.uniform(-50, -5) + slope
    gluteal = inner & (lateral > 46) & low & (back > line) & (back < line + random.uniform(25, 80))
    scene.canvas.paint(gluteal, Tissue.ABDOMINAL_WALL)
    low = scene.up < scene.height_of(L5) + random.uniform(-25, 2)
    iliacus = inner & (lateral > 38) & low & (back <= line) & (back > -34 - (lateral - 42) * 0.75)
    scene.canvas.paint(iliacus, Tissue.ABDOMINAL_WALL)
