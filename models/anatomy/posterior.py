"""Posterior elements of a vertebra: pedicles, laminae and processes.

Half widths and heights of the pedicles follow Zindrick et al., Spine 1987;12(2):160-166 (widths 18.0, 12.9,
10.3, 8.9, 8.7 mm and heights 14.0, 14.8, 14.9, 15.0, 15.4 mm from L5 to L1); the breadth over the transverse
processes follows Panjabi et al., Spine 1992;17(3):299-306 (92, 79, 86, 76, 71 mm from L5 to L1). Each table
runs from L5 upward to T11.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.anatomy.facets import Facet, Habit, inferior_process, superior_process
from models.anatomy.implicit import Point, block, join, rod
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


@dataclass(frozen=True, eq=False)
class Wings:
    """Transverse processes of a transitional vertebra."""

    side: int  #: 1 left, -1 right, 0 both
    half_height: float  #: mm
    drop: float  #: how far their ends hang down, mm; they reach the sacrum's wings where this is large


@dataclass(frozen=True, eq=False)
class Arch:
    """What the arch of one vertebra is built from; mm in the body's own frame."""

    kind: int  #: 0 for one like L5, up to 6 for one like T11
    body: Body
    pedicle: float  #: distance of the pedicles' axes from the midline
    depth: float  #: half depth of the canal
    width: float  #: half width of the canal
    above: Facet
    below: Facet
    wings: Wings | None = None

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
    distance = join(distance, _transverse_processes(point, local[0], arch, habit, random), 4)
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
    i, body, size = arch.kind, arch.body, habit.size
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
    half_height = LAMINA_HALF_HEIGHT[arch.kind] * habit.size * random.uniform(0.9, 1.1)
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
    i, size = arch.kind, habit.size
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


def _transverse_processes(point: Point, left: Tensor, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    usual = _transverse_process(point, arch, habit, random)
    if arch.wings is None:
        return usual
    wing = _wing(point, arch, arch.wings, habit)
    return wing if arch.wings.side == 0 else torch.where(left * arch.wings.side > 0, wing, usual)


def _transverse_process(point: Point, arch: Arch, habit: Habit, random: Randomness) -> Tensor:
    i, size, h = arch.kind, habit.size, arch.body.half_height
    reach = TRANSVERSE_REACH[i] * size * habit.reach * random.uniform(0.94, 1.06)
    start = (arch.pedicle + 1, arch.middle + random.uniform(-1, 2), h * 0.15)
    lumbar = i < 5
    back = start[1] + (random.uniform(2, 10) if lumbar else random.uniform(8, 13)) * size
    lift = habit.lift + random.normal(0, 0.06)
    end = (reach - 3, back, start[2] + lift * (reach - start[0]))
    thick = random.uniform(2.5, 3.3) * size * (1.5 if i == 0 or not lumbar else 1)
    radii = (3.0, thick, TRANSVERSE_HEIGHT[i] * size * random.uniform(0.85, 1.15))
    return rod(point, start, end, radii, random.uniform(0.6, 0.9))


def _wing(point: Point, arch: Arch, wings: Wings, habit: Habit) -> Tensor:
    """Broad process like a sacral wing."""
    start = (arch.pedicle + 2, arch.middle - 3, 0.0)
    end = (TRANSVERSE_REACH[0] * habit.size * habit.reach + 4, arch.middle - 1, -wings.drop)
    return rod(point, start, end, (5.0, 6.5 * habit.size, wings.half_height), 1.15)


def isthmus_gap(local: Tensor, arch: Arch) -> Tensor:
    """Distance to the gap of a spondylolysis: an oblique plane through both isthmi."""
    u, v, w = local
    plane = (w + 0.1 * arch.body.half_height + 0.4 * (v - arch.middle - 3)).abs() - 1.1
    beside = 0.55 * arch.width - u.abs()
    return torch.maximum(plane, torch.maximum(beside, (v - arch.middle - 4).abs() - 12))


def laminectomy_gap(local: Tensor, arch: Arch) -> Tensor:
    """Distance to what a laminectomy takes: spinous process and laminae between the facets."""
    u, v, w = local
    half_depth = 40.0
    behind = v - arch.middle - 0.35 * arch.depth - half_depth
    return block((u, behind, w + 10), (arch.width * 0.95, half_depth, 40.0), 2)
