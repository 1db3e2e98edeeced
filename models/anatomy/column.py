"""The free vertebrae and their discs, stacked on the sacrum.

Sizes lie around the means of Panjabi et al., Spine 1992;17(3):299-306 (end plates 41-49 mm wide and 34-35 mm
deep, posterior body heights 23-24 mm), made wider to cover more than one population; disc heights around
those of Shao et al., Spine 2002;27(3):263-268; end-plate concavities around those of Wang et al., Eur Spine
J 2012;21(11):2316-2323. Lordosis from L1 to S1 follows the sacral slope (Vialle et al., J Bone Joint Surg Am
2005;87(2):260-267: 60 ± 10 degrees standing, less lying).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from models.anatomy.pathology import COUNT, Deformity, Fracture, Pathology
from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body, Vector, rotation

# From L5 upward to T11, mm and degrees at size 1.
LORDOSIS = (21, 16, 10, 7, 4, 0, -3.0)  # between a vertebra and the one below
DISC_HEIGHT = (11, 11, 10.3, 9.3, 8.3, 6.7, 5.6)
BODY_HEIGHT = (27.5, 27.5, 27.5, 27, 26, 24.5, 23)
HALF_WIDTH = (26.5, 25.5, 24.5, 23.2, 22.2, 21.2, 19.8)
HALF_DEPTH = (17.8, 17.6, 17.4, 17, 16.6, 16, 15.5)
WEDGE = (-0.09, -0.03, -0.01, 0.01, 0.03, 0.03, 0.04)
NARROWEST = 1.8  # mm, between the end plates at the closed side of a disc


@dataclass(frozen=True, eq=False)
class Disc:
    """Plan of a disc; its outline follows from the end plates on both sides."""

    index: int  #: 0 is L5-S1
    height: float  #: mm
    axes: Vector  #: columns: left, back, up; halfway between its neighbours
    degeneration: float


@dataclass(frozen=True, eq=False)
class Posture:
    """What holds for the whole column."""

    size: float
    male: bool
    slope: float  #: of the sacrum, radians
    kinds: tuple[int, ...]
    pathology: Pathology


def draw_column(
    random: Randomness, posture: Posture, promontory: Vector
) -> tuple[tuple[Body, ...], tuple[Disc, ...]]:
    """Draw vertebrae and the discs below them, upward from the promontory."""
    pitch, top, missed = posture.slope, promontory.copy(), 0.0
    curve = _draw_curve(random, posture)
    rolls = _side_bends(random, posture.pathology.scoliosis)
    vertebrae, discs = [], []
    for i, kind in enumerate(posture.kinds):
        wear = posture.pathology.degeneration.get(i, 0.0)
        height = _draw_disc_height(random, posture, i)
        steepest = math.atan((height - NARROWEST) / (HALF_DEPTH[kind] * posture.size))
        bend = float(np.clip(curve[i] + missed, -steepest, steepest))
        missed, upper_pitch = (curve[i] + missed - bend) * 0.7, pitch - bend
        roll, yaw = float(rolls[i]), float(rolls[i]) * 0.6
        axes = rotation((pitch + upper_pitch) / 2, roll * 0.9, yaw)
        discs.append(Disc(i, height, axes, wear))
        foot = top + axes[:, 2] * height - axes[:, 1] * posture.pathology.slips.get(i, 0.0)
        shape = _draw_body(random, posture, i, rotation(upper_pitch, roll, yaw), upper_pitch)
        body = replace(shape, centre=foot + shape.axes[:, 2] * shape.half_height)
        vertebrae.append(body)
        top, pitch = body.centre + body.axes[:, 2] * body.half_height, upper_pitch
    return tuple(vertebrae), tuple(discs)


def _draw_curve(random: Randomness, posture: Posture) -> Vector:
    """Bend of the spine at each disc, radians, so much that the trunk stays over the pelvis.

    The sacral slope fixes most of the lordosis (r = 0.86 in Vialle et al.): what it lacks leans the spine.
    """
    whole = math.degrees(posture.slope) + random.normal(13, 6)  # degrees from L1 to S1
    share = np.clip(whole / sum(LORDOSIS[:5]), 0.35, 1.4)
    curve = np.radians(np.array(LORDOSIS) * share + random.numbers.normal(0, 2, COUNT))
    bent: Vector = curve - _kyphosis(posture)
    return bent


def _kyphosis(posture: Posture) -> Vector:
    """By how much wedge fractures flatten the lordosis at the discs below and above them, radians."""
    bend = np.zeros(COUNT)
    for level, fracture in posture.pathology.fractures.items():
        if fracture.deformity is Deformity.WEDGE:
            kind = posture.kinds[level]
            tilt = math.atan(fracture.loss * BODY_HEIGHT[kind] / 4 / HALF_DEPTH[kind])
            bend[level : level + 2] += 0.6 * tilt
    return bend


def _side_bends(random: Randomness, cobb: float) -> Vector:
    """Roll of each vertebra in radians: an arc that ends above its beginning, `cobb` degrees in all."""
    swing = np.sin(math.pi * (np.arange(COUNT) / (COUNT - 1) + random.uniform(0, 1)))
    swing[0] *= 0.5
    swing -= swing.mean()
    bends: Vector = math.radians(cobb) * swing / np.ptp(swing)
    return bends


def _draw_disc_height(random: Randomness, posture: Posture, i: int) -> float:
    wear = posture.pathology.degeneration.get(i, 0.0)
    loss = 1 - 0.65 * wear * random.uniform(0.5, 1)
    return max(DISC_HEIGHT[posture.kinds[i]] * posture.size * loss + random.normal(0, 0.5), 2.5)


def _draw_body(random: Randomness, posture: Posture, i: int, axes: Vector, pitch: float) -> Body:
    kind, size = posture.kinds[i], posture.size
    wear = posture.pathology.degeneration.get(i, 0.0)
    body = Body(
        np.zeros(3),
        axes,
        BODY_HEIGHT[kind] / 2 * size * random.uniform(0.94, 1.06),
        HALF_WIDTH[kind] * size * random.uniform(0.94, 1.06) * (1.04 if posture.male else 0.97),
        HALF_DEPTH[kind] * size * random.uniform(0.93, 1.07),
        exponent=random.uniform(2.1, 2.6),
        waist=random.uniform(0.04, 0.13),
        concavity=random.uniform(0.06, 0.2),
        tilt=pitch,
        wedge=WEDGE[kind] + random.normal(0, 0.02),
        upper_cup=random.uniform(0.03, 0.16),
        lower_cup=random.uniform(0.05, 0.22),
        osteophyte=random.uniform(0, 0.15) * (wear > 0.4) * random.chance(0.7),
        phase=random.uniform(0, 6.28),
        degeneration=wear,
    )
    fracture = posture.pathology.fractures.get(i)
    return body if fracture is None else _compress(body, fracture)


def _compress(body: Body, fracture: Fracture) -> Body:
    """Take `loss` of the height away: in front, in the middle or all over."""
    loss = fracture.loss
    if fracture.deformity is Deformity.WEDGE:
        height = body.half_height * (1 - loss / 2)
        return replace(body, half_height=height, wedge=loss / (2 - loss))
    if fracture.deformity is Deformity.BICONCAVE:
        return replace(body, half_height=body.half_height * 0.97, upper_cup=loss, lower_cup=loss)
    return replace(body, half_height=body.half_height * (1 - loss))
