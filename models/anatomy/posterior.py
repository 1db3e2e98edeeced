"""Posterior elements of a vertebra: pedicles, laminae, processes and the facets they end in.

Half widths and heights of the pedicles follow Zindrick et al., Spine 1987;12(2):160-166 (widths 18.0, 12.9,
10.3, 8.9, 8.7 mm and heights 14.0, 14.8, 14.9, 15.0, 15.4 mm from L5 to L1); the breadth over the transverse
processes follows Panjabi et al., Spine 1992;17(3):299-306 (92, 79, 86, 76, 71 mm from L5 to L1); the facets'
distance from the midline follows Panjabi et al., Spine 1993;18(10):1298-1310, and their angle to the sagittal
plane van Schaik et al., Spine 1985;10(1):59-63 and Noren et al., Spine 1991;16(8):1000-1004 (means of 30 to
55 degrees from L3-L4 to L5-S1). Each table runs from L5 upward to T11.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.implicit import Point, Triple, block, join, meet, rod
from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body

PEDICLE_HALF_WIDTH = (8.2, 6.2, 5.1, 4.5, 4.4, 3.8, 3.9)  # mm at size 1, as all that follow
PEDICLE_HALF_HEIGHT = (7.0, 7.3, 7.4, 7.5, 7.6, 7.8, 8.2)
TRANSVERSE_REACH = (45, 41, 43, 38.5, 35.5, 23, 26)  # from the midline
TRANSVERSE_HEIGHT = (7.5, 5, 4.8, 5, 4.8, 6, 7)  # half, at the root
SPINOUS_LENGTH = (19, 26, 29, 29, 28, 26, 25)  # behind the laminae
SPINOUS_HALF_HEIGHT = (8, 10.5, 12, 12, 11.5, 10, 9)
SPINOUS_DROP = (0.45, 0.3, 0.22, 0.2, 0.25, 0.45, 0.7)  # per mm backward
LAMINA_HALF_HEIGHT = (8.5, 10, 11, 11.5, 11.5, 11, 11)

# Of the superior facets of S1 and then of L5 upward to T11.
FACET_OUT = (23.5, 20.5, 18, 16, 14.5, 13.5, 13, 13)
FACET_ANGLE = (52, 47, 38, 31, 26, 24, 60, 70)  # degrees from the sagittal plane


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


@dataclass(frozen=True, eq=False)
class Arch:
    """What the arch of one vertebra is built from; mm in the body's own frame."""

    level: int  #: 0 for L5
    body: Body
    pedicle: float  #: distance of the pedicles' axes from the midline
    depth: float  #: half depth of the canal
    width: float  #: half width of the canal
    above: Facet
    below: Facet

    @property
    def middle(self) -> float:
        """Distance of the canal's middle behind the body's centre."""
        return self.body.half_depth + self.depth


def arch_distance(local: Tensor, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    """Distance to pedicles, laminae and processes; `local` are coordinates in the body's frame."""
    point = _uneven(local, random)
    distance = join(_pedicle(point, arch, habit, random), _pars(point, arch, habit), 4)
    distance = join(distance, _lamina(point, arch, habit, random), 4)
    distance = join(distance, _spinous_process(point, arch, habit, random), 4)
    distance = join(distance, _transverse_process(point, arch, habit, random), 4)
    h, pedicle, middle = arch.body.half_height, arch.pedicle, arch.middle
    root = (pedicle, middle - 2, h * 0.45)
    distance = join(distance, superior_process(point, arch.above, root, habit, random), 2.5)
    root = (max(arch.below.out - 3, arch.width * 0.8), middle + arch.depth * 0.7 + 2, -h * 0.45)
    return join(distance, inferior_process(point, arch.below, root, habit, random), 3)


def _uneven(local: Tensor, random: Randomness) -> Point:
    """Fold left onto right, the two sides unlike by a few percent and millimetres."""
    u, v, w = local
    side = torch.sign(u)
    stretch, skew, shear = random.normal(0, 0.025), random.normal(0, 0.02), random.normal(0, 0.03)
    return u.abs() * (1 + stretch * side), v + skew * u, w + shear * u


def _pedicle(point: Point, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    i, body, size = arch.level, arch.body, habit.size
    height = body.half_height * random.uniform(0.36, 0.5)
    radii = (
        PEDICLE_HALF_WIDTH[i] * size * random.uniform(0.85, 1.1),
        4.0,
        PEDICLE_HALF_HEIGHT[i] * size * random.uniform(0.88, 1.08),
    )
    start = (arch.pedicle - 1, body.half_depth * 0.35, height - 0.5)
    return rod(point, start, (arch.pedicle, arch.middle - 1, height), radii, 0.95)


def _pars(point: Point, arch: Arch, habit: Habit) -> Tensor:
    """Isthmus between the articular processes."""
    h, thick = arch.body.half_height, habit.thickness * habit.size
    start = (arch.pedicle - 0.5, arch.middle + 1.5, h * 0.35)
    end = (max(arch.below.out - 2.5, arch.width * 0.85), arch.middle + arch.depth * 0.7 + 1.5, -h * 0.7)
    return rod(point, start, end, (5.2 * thick, 4.3 * thick, 4.5))


def _lamina(point: Point, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    """Plate from the isthmus to the midline, leaning back as it goes down."""
    u, v, w = point
    thick = random.uniform(3.0, 4.0) * habit.thickness * habit.size
    half_height = LAMINA_HALF_HEIGHT[arch.level] * habit.size * random.uniform(0.9, 1.1)
    low = -arch.body.half_height * random.uniform(0.35, 0.5)
    foot = np.array([arch.pedicle * 0.92, arch.middle + 2.5])
    ridge = np.array([0.0, arch.middle + arch.depth + thick + 1.5])
    length = float(np.linalg.norm(ridge - foot))
    a, b = (ridge - foot) / length
    lean = v - float(foot[1]) + 0.28 * (w - low)
    along = (u - float(foot[0])) * float(a) + lean * float(b) - length / 2
    across = (u - float(foot[0])) * float(b) - lean * float(a)
    return block((along, across, w - low), (length / 2 + thick, thick, half_height), 2.4)


def _spinous_process(point: Point, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    """Blade like a hatchet: its lower border thick, its end knobbed."""
    u, v, w = point
    i, size = arch.level, habit.size
    length = SPINOUS_LENGTH[i] * size * habit.spinous * random.uniform(0.9, 1.1)
    half_height = SPINOUS_HALF_HEIGHT[i] * size * random.uniform(0.85, 1.1)
    drop = max(SPINOUS_DROP[i] + habit.drop + random.normal(0, 0.05), 0.0)
    start = arch.middle + arch.depth - 1
    centre = -arch.body.half_height * 0.5 - half_height * 0.15
    behind = v - start
    height = w - centre + drop * behind
    thick = random.uniform(2.7, 3.9) * habit.thickness * size
    swell = 1 + 0.5 * (behind / length - 0.6).clamp(0, 0.5) + 0.35 * (-height / half_height).clamp(0, 1)
    return block(
        (u / swell, behind - length / 2, height), (thick, length / 2 + 1, half_height), min(2.0, thick * 0.9)
    )


def _transverse_process(point: Point, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    i, size, h = arch.level, habit.size, arch.body.half_height
    reach = TRANSVERSE_REACH[i] * size * habit.reach * random.uniform(0.94, 1.06)
    start = (arch.pedicle + 1, arch.middle + random.uniform(-1, 2), h * 0.15)
    lumbar = i < 5
    back = start[1] + (random.uniform(2, 10) if lumbar else random.uniform(8, 13)) * size
    lift = habit.lift + random.normal(0, 0.06)
    end = (reach - 3, back, start[2] + lift * (reach - start[0]))
    thick = random.uniform(2.5, 3.3) * size * (1.5 if i == 0 or not lumbar else 1)
    radii = (3.0, thick, TRANSVERSE_HEIGHT[i] * size * random.uniform(0.85, 1.15))
    return rod(point, start, end, radii, random.uniform(0.6, 0.9))
