"""The compartment behind the spine: multifidus and erector spinae between laminae and thoracolumbar fascia.

The border between the two runs from the facet joint (mamillary process) to the fascia. Its place follows the
cross-sections of Danneels et al., Eur Spine J 2000;9:266-272 (CT, L3 to L4) and Hides et al., Man Ther
2008;13:43-49 (multifidus about 2, 3.5, 5.5 and 7 cm2 at L2, L3, L4 and L5): down to L3 the multifidus is
wider deep than superficially, and at L5 and the sacrum the larger of the two.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.scene import Scene
from models.anatomy.trunk import Trunk

# Distance of the border from the midline, mm at size 1, by descent (0 is the middle of L1, 1 that of L5).
DESCENTS = (-0.7, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5)
DEEP = (8, 11, 13.5, 17, 22, 28, 33, 35, 33)
SUPERFICIAL = (2.5, 3.5, 5.5, 9, 14, 22, 29.5, 32, 29)
JOINT = (9.0, 15.0)  # mm behind the canal's centre: where the border leaves the facet joint


@dataclass(frozen=True, eq=False)
class Compartment:
    """The paraspinal compartment of both sides.

    Attributes
    ----------
    inside : (X, Y, Z) bool tensor
    roof : (X, Y, Z) float32 tensor
        Depth of its dorsal surface behind the canal, mm.
    floor : (X, Y, Z) float32 tensor
        Depth of its ventral surface, mm.
    width : float32 tensor
        Distance of its lateral edge from the midline, mm.
    border : (X, Y, Z) float32 tensor
        Distance of the border between the muscles from the midline, mm.
    rise : (X, Y, Z) float32 tensor
        0 at the facet joint, 1 at the roof.
    """

    inside: Tensor
    roof: Tensor
    floor: Tensor
    width: Tensor
    border: Tensor
    rise: Tensor


def shape_compartment(scene: Scene, trunk: Trunk, uneven: Tensor) -> Compartment:
    """Draw the compartment of one person; `uneven` shifts its surface."""
    random, lateral = scene.random, scene.lateral
    widest = random.uniform(54, 82)  # mm at size 1
    width = _width(scene, widest)
    floor = random.uniform(-5, 5) + random.uniform(0.08, 0.42) * (lateral - 20)
    roof = _roof(scene, trunk, width)
    shrink = random.uniform(0.88, 1.0)
    across = (lateral - width * 0.5 - 1).clamp(min=0) / (width * 0.5 * shrink)
    deep = (scene.back - (floor + roof) / 2) / ((roof - floor) / 2).clamp(min=4)
    behind, before = (
        _section(random.uniform(1.5, 2.8), across, deep),
        _section(random.uniform(2, 4.5), across, -deep),
    )
    bottom = float(scene.spine.promontory[2]) - random.uniform(15, 60)
    section = torch.maximum(behind, before)
    inside = (section + uneven < 1) & trunk.inner & (scene.up > bottom)
    rise = ((scene.back - random.uniform(*JOINT)) / (roof - 12).clamp(min=8)).clamp(-0.15, 1.2)
    muscular = (widest / 66) ** random.uniform(0.3, 0.9)
    return Compartment(inside, roof, floor, width, _border(scene, rise, muscular), rise)


def _section(exponent: float, across: Tensor, deep: Tensor) -> Tensor:
    """Superelliptic norm of one half of the section: the dorsal surface is rounder than the ventral."""
    return across**exponent + deep.clamp(min=0) ** exponent


def _width(scene: Scene, widest: float) -> Tensor:
    random = scene.random
    narrowing = [random.uniform(0.8, 0.95), 1, random.uniform(0.76, 0.98), random.uniform(0.58, 0.8)]
    profile = widest * scene.spine.size * np.interp(scene.descent, [-0.7, 0.5, 1, 1.5], narrowing)
    return scene.column(profile) * scene.sided(0.04)


def _roof(scene: Scene, trunk: Trunk, width: Tensor) -> Tensor:
    """Fascia with the furrow over the spinous processes and the notches between the muscles' bellies."""
    random, lateral = scene.random, scene.lateral
    caudal = (scene.column(scene.descent) - 0.5).clamp(0, 1)
    furrow = random.uniform(0, 9) * (-((lateral / random.uniform(5, 13)) ** 2)).exp()
    notches = [_notch(scene, width * random.uniform(*where)) for where in ((0.2, 0.5), (0.5, 0.8))]
    wasting = random.uniform(0, 10) * caudal if random.chance(0.3) else 0.0
    slope = (lateral / 70) ** 2 * random.uniform(0, 14)
    return trunk.fascia - random.uniform(0.5, 2.5) - furrow - notches[0] - notches[1] - wasting - slope


def _notch(scene: Scene, place: Tensor) -> Tensor:
    """Groove between two bellies; sometimes a bulge."""
    random = scene.random
    return random.uniform(-2, 5.5) * (-(((scene.lateral - place) / random.uniform(2.5, 7)) ** 2)).exp()


def _border(scene: Scene, rise: Tensor, muscular: float) -> Tensor:
    random, size = scene.random, scene.spine.size
    breadth = float(np.clip(random.normal(1, 0.1), 0.76, 1.28)) * muscular * scene.sided(0.05)
    slimness = random.uniform(0.75, 1.25)
    deep, shallow = (
        scene.column(np.interp(scene.descent, DESCENTS, values) * size) for values in (DEEP, SUPERFICIAL)
    )
    bow = random.uniform(-1.5, 8) * 4 * rise.clamp(0, 1) * (1 - rise.clamp(0, 1))
    wave = smooth_field(random, scene.canvas.grid, 1, 22)[0] * random.uniform(0.3, 1.8)
    return (deep + (shallow * slimness - deep) * rise + bow) * breadth + wave
