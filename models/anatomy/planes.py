"""Planes of fat and tendon in the paraspinal compartment: some are borders of muscles, most are not.

The septum between multifidus and erector spinae is often invisible but for a cleft of fat at the facet joint,
while lines within either muscle are plain to see; a network must not take the first line for the border.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.paraspinal import Compartment
from models.anatomy.scene import Scene
from models.anatomy.tissues import Tissue

VISIBLE_GAP = 1.5  # mm: a wider septum belongs to neither muscle


@dataclass(frozen=True, eq=False)
class _Line:
    """A sheet along the spine: |lateral - place| < half_width between two heights of the compartment."""

    place: Tensor
    half_width: float
    low: float
    high: float


def paint_planes(scene: Scene, compartment: Compartment, fatness: float) -> None:
    """Paint septum, cleft, lines within the muscles, their tendons, the fascia and the midline."""
    patchy = smooth_field(scene.random, scene.canvas.grid, 1, 12)[0]
    _paint_lines(scene, compartment, patchy)
    if scene.random.chance(0.5):
        _paint_decoy(scene, compartment, patchy)
    _paint_tendons(scene, compartment)
    _paint_septum(scene, compartment, fatness, patchy)
    if scene.random.chance(0.75):
        _paint_cleft(scene, compartment, fatness)
    _paint_fascia(scene, compartment)
    _paint_midline(scene, compartment, patchy)


def _draw(scene: Scene, compartment: Compartment, line: _Line, tissue: Tissue, where: Tensor) -> None:
    near = (scene.lateral - line.place).abs() < line.half_width
    along = (compartment.rise > line.low) & (compartment.rise < line.high)
    scene.canvas.paint(compartment.inside & near & along & where, tissue)


def _paint_septum(scene: Scene, compartment: Compartment, fatness: float, patchy: Tensor) -> None:
    """Invisible in two of five people, a broken line in as many, wide fat in the rest."""
    random = scene.random
    kind = random.uniform(0, 1)
    if kind < 0.4:
        return
    if kind < 0.75:
        line = _Line(compartment.border, random.uniform(0.3, 0.8), -0.6, random.uniform(0.2, 1.2))
        _draw(scene, compartment, line, Tissue.MUSCLE_FAT, patchy > random.uniform(-1, 0.5))
        return
    gap = random.uniform(0.8, 3.5) * (0.4 + fatness)
    septum = compartment.inside & ((scene.lateral - compartment.border).abs() < gap / 2)
    scene.canvas.paint(septum, Tissue.FAT, instance=0 if gap > VISIBLE_GAP else None)


def _paint_cleft(scene: Scene, compartment: Compartment, fatness: float) -> None:
    """Fat at the facet joint: widest there, ending within the lower half of the border."""
    random = scene.random
    reach = random.uniform(0.15, 0.55)
    foot = random.uniform(0.8, 3.5) * (0.5 + fatness)
    width = foot * (1 - (compartment.rise - 0.02).abs() / reach)
    cleft = compartment.inside & ((scene.lateral - compartment.border).abs() < width)
    scene.canvas.paint(cleft, Tissue.FAT if random.chance(0.7) else Tissue.MUSCLE_FAT)


def _paint_lines(scene: Scene, compartment: Compartment, patchy: Tensor) -> None:
    """Up to five lines that are no border: between longissimus and iliocostalis, and within any muscle."""
    random, border, width = scene.random, compartment.border, compartment.width
    for _ in range(int(random.numbers.integers(0, 6))):
        share = random.uniform(-0.7, 0.8)
        inner = border * (1 + share) if share < 0 else border + (width - border) * share
        low, length = random.uniform(-0.6, 0.8), random.uniform(0.2, 1.2)
        slope = random.uniform(-0.5, 0.5)
        place = inner * scene.sided(0.1) + (scene.back - 22) * slope
        line = _Line(place, random.uniform(0.25, 0.9), low, low + length)
        tissue = (Tissue.MUSCLE_FAT, Tissue.LIGAMENT, Tissue.FAT)[int(random.numbers.integers(3))]
        _draw(scene, compartment, line, tissue, patchy > random.uniform(-1.5, 0.8))


def _paint_decoy(scene: Scene, compartment: Compartment, patchy: Tensor) -> None:
    """Draw a cleft between layers of the multifidus: nearer to the midline and plainer than the septum."""
    random = scene.random
    place = compartment.border * random.uniform(0.35, 0.75) * scene.sided(0.12)
    place = place + (scene.back - 22) * random.uniform(-0.35, 0.35)
    line = _Line(place, random.uniform(0.5, 1.4), random.uniform(-0.6, 0.3), random.uniform(0.5, 1.2))
    tissue = Tissue.FAT if random.chance(0.5) else Tissue.MUSCLE_FAT
    _draw(scene, compartment, line, tissue, patchy > random.uniform(-1.5, 0.6))


def _paint_tendons(scene: Scene, compartment: Compartment) -> None:
    """Dots and streaks of fat and tendon beside the spinous processes, inside the multifidus."""
    random = scene.random
    near = compartment.inside & (scene.lateral < compartment.border * random.uniform(0.4, 0.95))
    for tissue in (Tissue.MUSCLE_FAT, Tissue.LIGAMENT):
        if random.chance(0.6):
            dots = smooth_field(random, scene.canvas.grid, 1, random.uniform(3.0, 5.0))[0]
            scene.canvas.paint(near & (dots > random.uniform(1.2, 2.4)), tissue)


def _paint_fascia(scene: Scene, compartment: Compartment) -> None:
    """Thoracolumbar fascia, and the aponeurosis of the erector spinae below L3."""
    random = scene.random
    below = compartment.roof - scene.back
    if random.chance(0.6):
        sheet = (below < 0.3) & (below > -random.uniform(0.6, 1.6)) & (scene.lateral < compartment.width)
        scene.canvas.paint(sheet & (scene.canvas.tissues == Tissue.FAT), Tissue.LIGAMENT)
    if random.chance(0.5):
        caudal = (scene.column(scene.descent) - 0.4).clamp(0, 0.8) / 0.8
        tendon = compartment.inside & (below < caudal * random.uniform(0.5, 3.0))
        scene.canvas.paint(tendon & (scene.lateral < compartment.width * 0.8), Tissue.LIGAMENT)


def _paint_midline(scene: Scene, compartment: Compartment, patchy: Tensor) -> None:
    """Ligaments between the spinous processes, and the fat that fills the space between the laminae."""
    random, lateral = scene.random, scene.lateral
    midline = compartment.inside & (lateral < random.uniform(0.8, 3.2))
    scene.canvas.paint(midline, Tissue.FAT if random.chance(0.5) else Tissue.LIGAMENT, instance=0)
    if random.chance(0.6):
        broad = random.uniform(2, 9) * (1 - (scene.back - 8) / random.uniform(12, 30)).clamp(0, 1)
        fat = compartment.inside & (lateral < broad) & (patchy > random.uniform(-1, 1))
        scene.canvas.paint(fat, Tissue.FAT, instance=0)
    gutter = random.uniform(0, 4) * torch.exp(-(((scene.back - 12) / 8) ** 2))
    if random.chance(0.3):  # a wasted multifidus leaves fat on the lamina
        bed = compartment.inside & (scene.back < 14 + gutter) & (lateral < compartment.border * 0.8)
        scene.canvas.paint(bed, Tissue.FAT)
