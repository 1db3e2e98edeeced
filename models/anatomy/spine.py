"""The chain of vertebrae: sizes, curves and wear of one spine, before anything is painted.

Sizes lie around the means of Panjabi et al., Spine 1992;17(3):299-306 (lumbar end plates 41-49 mm wide and
34-35 mm deep, posterior body heights 23-24 mm), made wider to cover more than one population; the sacral
slope lies near the 41 ± 8 degrees of Vialle et al., J Bone Joint Surg Am 2005;87(2):260-267. The remaining
ranges were chosen by eye and are meant to be wider than nature.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body, rotation
from models.anatomy.tissues import LEVELS

Vector = NDArray[np.float64]

# From L5 upward to T11, mm and degrees at size 1.
LORDOSIS = (17, 14, 9, 6, 3, -1, -4.0)  # between a vertebra and the one below
DISC_HEIGHT = (9.5, 10.5, 10, 9, 8, 6.5, 5.5)
BODY_HEIGHT = (27.5, 27.5, 27.5, 27, 26, 24.5, 23)
HALF_WIDTH = (26, 25, 24, 22.5, 21.5, 21, 19.5)
HALF_DEPTH = (17.5, 17.3, 17, 16.5, 16, 15.5, 15)
WEDGE = (-0.09, -0.03, -0.01, 0.01, 0.03, 0.03, 0.04)
WEAR = (1, 1, 0.85, 0.7, 0.55, 0.4, 0.35)  # discs degenerate from below

# From S1 downward to S5, mm at size 1.
SACRAL_HALF_HEIGHT = (14, 12, 10, 8, 8)
SACRAL_HALF_WIDTH = (25, 21, 17, 13, 10)
SACRAL_HALF_DEPTH = (15.5, 11, 8.5, 6.5, 5)


@dataclass(frozen=True, eq=False)
class Disc:
    """Plan of a disc; its outline follows from the end plates on both sides."""

    index: int  #: 0 is L5-S1
    height: float  #: mm
    axes: Vector  #: columns: left, back, up; halfway between its neighbours
    degeneration: float


@dataclass(frozen=True, eq=False)
class Spine:
    """One spine's plan.

    Attributes
    ----------
    size : float
        Scale of the whole person.
    vertebrae : tuple of Body
        L5 upward to T11.
    sacrum : tuple of Body
        S1 downward to S5.
    discs : tuple of Disc
        L5-S1 upward.
    promontory : (3,) array
        Middle of the upper end plate of S1, mm.
    canal_depth, canal_width : float
        Half axes of the spinal canal, mm.
    """

    size: float
    vertebrae: tuple[Body, ...]
    sacrum: tuple[Body, ...]
    discs: tuple[Disc, ...]
    promontory: Vector
    canal_depth: float
    canal_width: float


@dataclass(frozen=True, eq=False)
class _Person:
    """What holds for the whole spine."""

    size: float
    male: bool
    sacral_slope: float
    lordosis: Vector
    scoliosis: float
    scoliosis_phase: float
    degeneration: Vector
    promontory: Vector


def plan_spine(random: Randomness) -> Spine:
    """Draw a spine."""
    person = _draw_person(random)
    sacrum = _draw_sacrum(random, person)
    vertebrae, discs = _draw_column(random, person)
    return Spine(
        person.size,
        vertebrae,
        sacrum,
        discs,
        person.promontory,
        canal_depth=random.uniform(6.2, 9.5) * person.size,
        canal_width=random.uniform(10, 13) * person.size,
    )


def _draw_person(random: Randomness) -> _Person:
    size = random.uniform(0.86, 1.14)
    male = random.chance(0.5)
    slope = math.radians(float(np.clip(random.normal(38, 9), 15, 62)))
    lordosis = np.array(LORDOSIS) * random.uniform(0.5, 1.35) + random.numbers.normal(0, 2, 7)
    scoliosis = random.uniform(0, 1) ** 3 * math.radians(28) * (1 if random.chance(0.5) else -1)
    phase = random.uniform(0, 1)
    degeneration = np.clip(random.numbers.beta(1.3, 1.6, 7) * np.array(WEAR) * 1.15, 0, 1)
    random.uniform(0, 1)  # unused, but the stream of the shipped networks' training data has it
    promontory = np.array([random.uniform(-6, 6), random.uniform(-12, 12), random.uniform(-105, -70)])
    return _Person(size, male, slope, np.radians(lordosis), scoliosis, phase, degeneration, promontory)


def _draw_sacrum(random: Randomness, person: _Person) -> tuple[Body, ...]:
    """S1 to S5, downward from the promontory: first bending back, then forward."""
    pitch, top, bodies = person.sacral_slope, person.promontory.copy(), []
    for k in range(5):
        height = SACRAL_HALF_HEIGHT[k] * person.size
        depth = SACRAL_HALF_DEPTH[k] * person.size
        axes = rotation(pitch, 0, 0)
        centre = top - axes[:, 2] * height
        bodies.append(
            Body(
                centre,
                axes,
                height,
                SACRAL_HALF_WIDTH[k] * person.size,
                depth,
                exponent=2.3,
                waist=0.02,
                concavity=0.05,
                tilt=pitch,
            )
        )
        top = centre - axes[:, 2] * height * 0.97 + axes[:, 1] * random.uniform(0.5, 2)
        bend = random.uniform(6, 16) if k < 2 else -random.uniform(5, 22)
        pitch += math.radians(bend)
    return tuple(bodies)


def _draw_column(random: Randomness, person: _Person) -> tuple[tuple[Body, ...], tuple[Disc, ...]]:
    """L5 to T11 and the discs below them, upward from the promontory."""
    pitch, top = person.sacral_slope, person.promontory.copy()
    vertebrae, discs = [], []
    for i in range(len(LEVELS)):
        wear = float(person.degeneration[i])
        height = _draw_disc_height(random, person, i)
        upper_pitch = float(pitch - person.lordosis[i])
        swing = math.sin(math.pi * (i / 6 + person.scoliosis_phase))
        roll, yaw = person.scoliosis * swing, person.scoliosis * 0.6 * swing
        axes = rotation((pitch + upper_pitch) / 2, roll * 0.9, yaw)
        slip = random.uniform(-3, 9) if random.chance(0.10 if i < 2 else 0.04) else 0.0
        discs.append(Disc(i, height, axes, wear))
        foot = top + axes[:, 2] * height - axes[:, 1] * slip
        vertebra = _draw_vertebra(
            random, person, i, foot=foot, axes=rotation(upper_pitch, roll, yaw), pitch=upper_pitch
        )
        vertebrae.append(vertebra)
        top, pitch = vertebra.centre + vertebra.axes[:, 2] * vertebra.half_height, upper_pitch
    return tuple(vertebrae), tuple(discs)


def _draw_disc_height(random: Randomness, person: _Person, i: int) -> float:
    loss = 1 - 0.65 * float(person.degeneration[i]) * random.uniform(0.5, 1)
    return max(DISC_HEIGHT[i] * person.size * loss + random.normal(0, 0.5), 2.2)


def _draw_vertebra(
    random: Randomness, person: _Person, i: int, *, foot: Vector, axes: Vector, pitch: float
) -> Body:
    """Draw the body that stands on `foot` (the middle of its lower end plate); one in twenty is fractured."""
    wear = float(person.degeneration[i])
    height = BODY_HEIGHT[i] / 2 * person.size * random.uniform(0.94, 1.06)
    width = HALF_WIDTH[i] * person.size * random.uniform(0.94, 1.06) * (1.04 if person.male else 0.97)
    depth = HALF_DEPTH[i] * person.size * random.uniform(0.93, 1.07)
    fractured = random.chance(0.05)
    wedge = WEDGE[i] + random.normal(0, 0.02) + (random.uniform(0.1, 0.3) if fractured else 0)
    if fractured:
        height *= random.uniform(0.7, 0.9)
    exponent, waist = random.uniform(2.1, 2.7), random.uniform(0.05, 0.13)
    osteophyte = random.uniform(0, 0.22) * (wear > 0.4) * random.chance(0.7)
    return Body(
        foot + axes[:, 2] * height,
        axes,
        height,
        width,
        depth,
        exponent,
        waist,
        tilt=pitch,
        wedge=wedge,
        osteophyte=osteophyte,
        phase=random.uniform(0, 6.28),
        concavity=random.uniform(0.06, 0.2),
        upper_cup=random.uniform(0.03, 0.16) + (0.15 if fractured else 0),
        lower_cup=random.uniform(0.03, 0.16),
        degeneration=wear,
    )
