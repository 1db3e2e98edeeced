"""The plan of one spine: everything that is drawn before anything is painted.

The sacral slope lies near the 41 ± 8 degrees of Vialle et al., J Bone Joint Surg Am 2005;87(2):260-267.
"""

import math
from dataclasses import dataclass

import numpy as np

from models.anatomy.column import Disc, Posture, draw_column
from models.anatomy.facets import Facet, Habit, draw_habit, place_facet
from models.anatomy.pathology import Pathology, Transition
from models.anatomy.randomness import Randomness
from models.anatomy.sacral import Segment, draw_sacrum
from models.anatomy.shapes import Body, Vector

KINDS = {  # what each free vertebra is like, upward: 0 is L5, 6 is T11
    4: (0, 1, 3, 4, 5, 6, 6),
    5: (0, 1, 2, 3, 4, 5, 6),
    6: (0, 1, 2, 2, 3, 4, 5),
}


@dataclass(frozen=True, eq=False)
class Spine:
    """One spine's plan.

    Attributes
    ----------
    size : float
        Scale of the whole person.
    pathology : Pathology
    kinds : tuple of int
        What each vertebra is like, as an index of `LEVELS`; differs from its place where the number of
        lumbar vertebrae is not five.
    vertebrae : tuple of Body
        Upward from the lowest that is not part of the sacrum, named L5, to T11.
    segments : tuple of Segment
        Of the sacrum, downward.
    discs : tuple of Disc
        L5-S1 upward.
    promontory : (3,) array
        Middle of the sacrum's upper end plate, mm.
    canal_depth, canal_width : float
        Half axes of the spinal canal, mm.
    habit : Habit
        What the posterior elements have in common.
    facets : tuple of Facet
        Superior facets of the sacrum, then of L5 upward to T11.
    """

    size: float
    pathology: Pathology
    kinds: tuple[int, ...]
    vertebrae: tuple[Body, ...]
    segments: tuple[Segment, ...]
    discs: tuple[Disc, ...]
    promontory: Vector
    canal_depth: float
    canal_width: float
    habit: Habit
    facets: tuple[Facet, ...]

    @property
    def sacrum(self) -> tuple[Body, ...]:
        """Bodies of the sacrum, downward."""
        return tuple(segment.body for segment in self.segments)

    @property
    def transitional(self) -> bool:
        """Whether the number or the shape of the vertebrae makes counting ambiguous."""
        return self.pathology.transitional

    def below(self, level: int) -> Body:
        """Body under a vertebra; under the lowest, the sacrum's first."""
        return self.segments[0].body if level == 0 else self.vertebrae[level - 1]


def plan_spine(random: Randomness, pathology: Pathology) -> Spine:
    """Draw a spine that has these findings."""
    size = random.uniform(0.92, 1.15)
    kinds = KINDS[4 if pathology.transition is Transition.SACRALISED else pathology.lumbar]
    slope = math.radians(float(np.clip(random.normal(40, 9), 15, 60)))
    promontory = np.array([random.uniform(-6, 6), random.uniform(-12, 12), random.uniform(-113, -78)])
    segments = draw_sacrum(random, size, slope, promontory, pathology.transition)
    posture = Posture(size, random.chance(0.5), slope, kinds, pathology)
    vertebrae, discs = draw_column(random, posture, promontory)
    depth, habit = random.uniform(6.5, 9.5) * size, draw_habit(random, size)
    return Spine(
        size,
        pathology,
        kinds,
        vertebrae,
        segments,
        discs,
        promontory,
        canal_depth=depth,
        canal_width=random.uniform(10, 13) * size,
        habit=habit,
        facets=_place_facets((segments[0].body, *vertebrae), discs, kinds, depth, habit),
    )


def _place_facets(
    bodies: tuple[Body, ...], discs: tuple[Disc, ...], kinds: tuple[int, ...], depth: float, habit: Habit
) -> tuple[Facet, ...]:
    heights = [*(disc.height for disc in discs), discs[-1].height]
    ranks = [0, *(kind + 1 for kind in kinds)]
    return tuple(
        place_facet(body, rank, depth, height, habit)
        for body, rank, height in zip(bodies, ranks, heights, strict=True)
    )
