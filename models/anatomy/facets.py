"""Facet joints: where they lie, and the articular processes that meet in them.

Distances from the midline follow Panjabi et al., Spine 1993;18(10):1298-1310, angles to the sagittal plane
van Schaik et al., Spine 1985;10(1):59-63, and Noren et al., Spine 1991;16(5):530-532.
"""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from models.anatomy.implicit import Point, Triple, join, meet, rod
from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body

# Of the superior facets of the sacrum and then of L5 upward to T11; mm at size 1, degrees.
FACET_OUT = (23.5, 20.5, 18, 16, 14.5, 13.5, 13, 13)
FACET_ANGLE = (52, 47, 38, 31, 26, 24, 60, 70)


@dataclass(frozen=True, eq=False)
class Habit:
    """How one person's posterior elements depart from the mean; factors, mm and radians."""

    size: float  #: of the whole person
    turn: float  #: of all facets
    gap: float  #: between facing facets, cartilage and joint fluid together, mm
    thickness: float
    reach: float  #: of the transverse processes
    lift: float  #: of the transverse processes, mm outward per mm
    spinous: float
    drop: float
    wear: float  #: facets thickened by arthrosis


def draw_habit(random: Randomness, size: float) -> Habit:
    """Draw what the posterior elements of one spine have in common."""
    return Habit(
        size=size,
        turn=math.radians(random.normal(0, 6)),
        gap=random.uniform(1.4, 2.8),
        thickness=random.uniform(0.85, 1.2),
        reach=random.uniform(0.9, 1.12),
        lift=random.uniform(-0.08, 0.3),
        spinous=random.uniform(0.85, 1.2),
        drop=random.normal(0, 0.1),
        wear=random.uniform(0, 0.35),
    )


@dataclass(frozen=True, eq=False)
class Facet:
    """The superior facet on the left, in its own vertebra's frame; the right one mirrors it."""

    out: float  #: from the midline, mm
    back: float  #: behind the body's centre, mm
    up: float  #: above the body's centre, mm
    angle: float  #: to the sagittal plane, radians


def place_facet(body: Body, rank: int, depth: float, disc_height: float, habit: Habit) -> Facet:
    """Place the facet that carries the vertebra above.

    Parameters
    ----------
    body : Body
    rank : int
        0 for S1, 1 for L5, and so on.
    depth : float
        Half depth of the canal, mm.
    disc_height : float
        Of the disc above, mm.
    """
    angle = math.radians(FACET_ANGLE[rank]) + habit.turn
    return Facet(
        FACET_OUT[rank] * habit.size,
        body.half_depth + depth + 4.5 * habit.size,
        body.half_height + disc_height * 0.5,
        min(max(angle, math.radians(8)), math.radians(80)),
    )


def superior_process(point: Point, facet: Facet, root: Triple, habit: Habit, random: Randomness) -> Tensor:
    """Process that rises from `root` and carries `facet`, hollowed towards it; both sides at once."""
    sideways, along, up = _facet_axes(point, facet)
    thick = habit.thickness * (1 + habit.wear) * habit.size
    height = random.uniform(6, 8) * habit.size
    tip = (2.6 * thick, 0.0, height)
    base = (2.8 * thick, -1.0, -height - 3)
    pillar = rod((sideways, along, up), base, tip, (4.2 * thick, 7.6 * thick, 5.0), 0.85)
    foot = rod(point, root, (facet.out + 2.5, facet.back - 2, facet.up - height), (4.5, 5.5, 4.5))
    hollow = 0.035 * along.clamp(max=0) ** 2 + 0.008 * along**2
    return meet(join(pillar, foot, 3), -(sideways + hollow - 0.3), 1)


def inferior_process(point: Point, facet: Facet, root: Triple, habit: Habit, random: Randomness) -> Tensor:
    """Process that hangs from `root` into the hollow of the facet below; it is cut to fit afterwards."""
    thick = habit.thickness * (1 + habit.wear) * habit.size
    c, s = math.cos(facet.angle), math.sin(facet.angle)
    inward = 3.2 * thick
    low = random.uniform(7, 9.5) * habit.size
    tip = (facet.out - inward * c, facet.back + inward * s, facet.up - low)
    shaft = rod(point, root, (tip[0], tip[1], facet.up), (5.0 * thick, 5.0 * thick, 5), 1.05)
    sideways, along, up = _facet_axes(point, facet)
    knob = rod(
        (sideways, along, up),
        (-2.4 * thick, 0, 4),
        (-2.6 * thick, 1, -low),
        (4.9 * thick, 7.0 * thick, 4),
        0.9,
    )
    return join(shaft, knob, 4)


def _facet_axes(point: Point, facet: Facet) -> Point:
    """Coordinates off the facet (towards its own bone), along it to the back, and upward."""
    out, back, up = point[0] - facet.out, point[1] - facet.back, point[2] - facet.up
    c, s = math.cos(facet.angle), math.sin(facet.angle)
    return out * c - back * s, out * s + back * c, up


def facet_below(facet: Facet, lower: Body, upper: Body) -> Facet:
    """Express the lower vertebra's facet in the frame of the vertebra above, mean of left and right."""
    places = [
        upper.axes.T
        @ (lower.centre + lower.axes @ np.array([s * facet.out, facet.back, facet.up]) - upper.centre)
        for s in (1, -1)
    ]
    left, right = places
    return Facet((left[0] - right[0]) / 2, (left[1] + right[1]) / 2, (left[2] + right[2]) / 2, facet.angle)
