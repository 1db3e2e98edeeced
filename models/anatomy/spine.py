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

from models.anatomy.posterior import Facet, Habit, draw_habit, place_facet
from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body, rotation
from models.anatomy.tissues import LEVELS

Vector = NDArray[np.float64]

# From L5 upward to T11, mm and degrees at size 1.
LORDOSIS = (17, 14, 9, 6, 3, -1, -4.0)  # between a vertebra and the one below
DISC_HEIGHT = (9.5, 10.5, 10, 9, 8, 6.5, 5.5)
BODY_HEIGHT = (27.5, 27.5, 27.5, 27, 26, 24.5, 23)
HALF_WIDTH = (26.5, 25.5, 24.5, 23.2, 22.2, 21.2, 19.8)
HALF_DEPTH = (17.8, 17.6, 17.4, 17, 16.6, 16, 15.5)
WEDGE = (-0.09, -0.03, -0.01, 0.01, 0.03, 0.03, 0.04)
NARROWEST = 1.8  # mm, between the end plates at the closed side of a disc
WEAR = (1, 1, 0.85, 0.7, 0.55, 0.4, 0.35)  # discs degenerate from below

# From S1 downward to S5, mm at size 1; half widths and depths at the top of each, and at the bottom of S5.
SACRAL_HALF_HEIGHT = (15, 12.5, 10.5, 9, 8)
SACRAL_HALF_WIDTH = (25, 17.5, 14.5, 12.5, 11, 8)
SACRAL_HALF_DEPTH = (16, 10.5, 7.5, 6, 5, 3.5)
SACRAL_BEND = ((-2, 12), (-14, 8), (-25, -6), (-28, -6), (-20, 0))  # degrees, towards the next


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
    habit : Habit
        What the posterior elements have in common.
    facets : tuple of Facet
        Superior facets of S1, then of L5 upward to T11.
    """

    size: float
    vertebrae: tuple[Body, ...]
    sacrum: tuple[Body, ...]
    discs: tuple[Disc, ...]
    promontory: Vector
    canal_depth: float
    canal_width: float
    habit: Habit
    facets: tuple[Facet, ...]


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
    depth, habit = random.uniform(6.5, 9.5) * person.size, draw_habit(random, person.size)
    heights = [disc.height for disc in discs] + [DISC_HEIGHT[-1] * person.size]
    facets = tuple(
        place_facet(body, rank, depth, heights[rank], habit)
        for rank, body in enumerate((sacrum[0], *vertebrae))
    )
    return Spine(
        person.size,
        vertebrae,
        sacrum,
        discs,
        person.promontory,
        canal_depth=depth,
        canal_width=random.uniform(10, 13) * person.size,
        habit=habit,
        facets=facets,
    )


def _draw_person(random: Randomness) -> _Person:
    size = random.uniform(0.92, 1.15)
    male = random.chance(0.5)
    slope = math.radians(float(np.clip(random.normal(38, 9), 15, 62)))
    lordosis = np.array(LORDOSIS) * random.uniform(0.5, 1.35) + random.numbers.normal(0, 2, 7)
    scoliosis = random.uniform(0, 1) ** 3 * math.radians(28) * (1 if random.chance(0.5) else -1)
    phase = random.uniform(0, 1)
    degeneration = np.clip(random.numbers.beta(1.3, 1.6, 7) * np.array(WEAR) * 1.15, 0, 1)
    promontory = np.array([random.uniform(-6, 6), random.uniform(-12, 12), random.uniform(-105, -70)])
    return _Person(size, male, slope, np.radians(lordosis), scoliosis, phase, degeneration, promontory)


def _draw_sacrum(random: Randomness, person: _Person) -> tuple[Body, ...]:
    """S1 to S5, downward from the promontory along one back wall: first bending back, then forward."""
    size = person.size * random.uniform(0.94, 1.06)
    pitch, top, bodies = person.sacral_slope, person.promontory.copy(), []
    for k, (low, high) in enumerate(SACRAL_BEND):
        height, depth = SACRAL_HALF_HEIGHT[k] * size, SACRAL_HALF_DEPTH[k] * size
        axes = rotation(pitch, 0, 0)
        centre = top - axes[:, 2] * height
        bodies.append(
            Body(
                centre,
                axes,
                height,
                SACRAL_HALF_WIDTH[k] * size,
                depth,
                exponent=2.2,
                waist=0.02,
                concavity=0.05,
                tilt=pitch,
                upper_cup=random.uniform(0.02, 0.12) if k == 0 else 0.0,
            )
        )
        step = (SACRAL_HALF_DEPTH[k] - SACRAL_HALF_DEPTH[k + 1]) * size
        top = centre - axes[:, 2] * height + axes[:, 1] * step
        pitch += math.radians(random.uniform(low, high))
    return tuple(bodies)


def _draw_column(random: Randomness, person: _Person) -> tuple[tuple[Body, ...], tuple[Disc, ...]]:
    """L5 to T11 and the discs below them, upward from the promontory."""
    pitch, top = person.sacral_slope, person.promontory.copy()
    vertebrae, discs = [], []
    for i in range(len(LEVELS)):
        wear = float(person.degeneration[i])
        height = _draw_disc_height(random, person, i)
        steepest = math.atan((height - NARROWEST) / (HALF_DEPTH[i] * person.size))
        upper_pitch = float(pitch - np.clip(person.lordosis[i], -steepest, steepest))
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
    return max(DISC_HEIGHT[i] * person.size * loss + random.normal(0, 0.5), 2.5)


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
    exponent, waist = random.uniform(2.1, 2.6), random.uniform(0.04, 0.13)
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
        lower_cup=random.uniform(0.05, 0.22),
        degeneration=wear,
    )
