"""What is wrong, or merely unusual, with a spine: asked for by name or drawn at random.

The chances below lie near published frequencies where these are above a few percent; what is rarer is drawn
more often than it occurs, because a network learns nothing from what it never sees. `docs/anatomy.md` lists
ranges and sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np

from models.anatomy.randomness import Randomness

COUNT = 7  # free vertebrae, and discs, of every generated spine
WEAR = (1, 1, 0.85, 0.7, 0.55, 0.4, 0.35)  # discs degenerate from below


class Transition(StrEnum):
    """How the lowest free vertebra or the top of the sacrum departs from the rule (Castellvi's types)."""

    NONE = "none"
    BROAD = "broad"  #: type I: transverse processes of the lowest free vertebra 19 mm high or more
    ARTICULATED = "articulated"  #: type II: they meet the sacral wings in a joint
    SACRALISED = (
        "sacralised"  #: type III: the lowest lumbar vertebra is part of the sacrum, and counts as such
    )
    LUMBARISED = "lumbarised"  #: S1 is square and stands on a well-formed disc, its wings still fused


class Modic(IntEnum):
    """Changes of the marrow beside an end plate (Modic et al., Radiology 1988;166:193-199)."""

    OEDEMA = 1
    FAT = 2
    SCLEROSIS = 3


class Deformity(StrEnum):
    """Shape of a fractured body (Genant et al., J Bone Miner Res 1993;8(9):1137-1148)."""

    WEDGE = "wedge"
    BICONCAVE = "biconcave"
    CRUSH = "crush"


@dataclass(frozen=True)
class Fracture:
    """A compression fracture; Genant's grades 1 to 3 are losses of 0.20-0.25, 0.25-0.40 and more."""

    deformity: Deformity
    loss: float  #: of height where it is lowest, as a fraction
    fresh: bool = False  #: with oedema


@dataclass(frozen=True)
class Herniation:
    """Disc tissue beyond the end plates (Fardon et al., Spine J 2014;14(11):2525-2545)."""

    reach: float  #: beyond the back edge of the end plate, mm
    side: float  #: of the midline, to the left, mm
    extruded: bool = False  #: longer than its neck is wide, and moved along the canal
    migration: float = 0.0  #: upward, mm


@dataclass(frozen=True)
class Pathology:
    """Findings of one spine; without arguments, those of a young healthy one.

    Vertebrae count upward from the lowest free one (0, mostly L5), discs from the lowest free one (0, mostly
    L5-S1): disc i lies below vertebra i.

    Attributes
    ----------
    lumbar : int
        Free vertebrae without ribs, 4 to 6.
    transition : Transition
        A sacralised spine has four free lumbar vertebrae, whatever `lumbar` says.
    scoliosis : float
        Cobb angle in degrees, positive to the left.
    degeneration : mapping of disc to 0 (healthy) … 1
    slips : mapping of disc to mm
        How far the vertebra above lies forward of the one below.
    herniations : mapping of disc to Herniation
    vacuum, calcified, bridges, nodes, cages, fused : frozenset of disc
        Gas in the disc; chalk in it; osteophytes that meet across it; Schmorl's nodes; a cage in it; rods and
        pedicle screws across it.
    spurs : mapping of disc to mm
        Osteophytes at both rims.
    modic : mapping of disc to Modic
    fractures : mapping of vertebra to Fracture
    haemangiomas, laminectomy, lysis : frozenset of vertebra
        Lysis is a gap in both isthmi.
    lumbar_ribs : bool
        Short ribs at the uppermost lumbar vertebra.
    """

    lumbar: int = 5
    transition: Transition = Transition.NONE
    scoliosis: float = 0.0
    degeneration: Mapping[int, float] = field(default_factory=dict)
    slips: Mapping[int, float] = field(default_factory=dict)
    herniations: Mapping[int, Herniation] = field(default_factory=dict)
    vacuum: frozenset[int] = frozenset()
    calcified: frozenset[int] = frozenset()
    spurs: Mapping[int, float] = field(default_factory=dict)
    bridges: frozenset[int] = frozenset()
    nodes: frozenset[int] = frozenset()
    modic: Mapping[int, Modic] = field(default_factory=dict)
    fractures: Mapping[int, Fracture] = field(default_factory=dict)
    haemangiomas: frozenset[int] = frozenset()
    lysis: frozenset[int] = frozenset()
    laminectomy: frozenset[int] = frozenset()
    fused: frozenset[int] = frozenset()
    cages: frozenset[int] = frozenset()
    lumbar_ribs: bool = False

    @property
    def transitional(self) -> bool:
        """Whether the number or the shape of the vertebrae makes counting ambiguous."""
        return self.transition is not Transition.NONE or self.lumbar != 5


def draw_pathology(random: Randomness) -> Pathology:
    """Draw the findings of an adult with back pain."""
    lumbar, transition = _draw_segmentation(random)
    degeneration = _draw_degeneration(random)
    worn = [disc for disc, wear in degeneration.items() if wear > 0.45]
    destroyed = [disc for disc, wear in degeneration.items() if wear > 0.7]
    fused = _draw_fused(random)
    lysis = frozenset({0}) if random.chance(0.06) else frozenset[int]()
    return Pathology(
        lumbar=lumbar,
        transition=transition,
        scoliosis=_draw_scoliosis(random),
        degeneration=degeneration,
        slips=_draw_slips(random, lysis),
        herniations={disc: _draw_herniation(random) for disc in worn if random.chance(0.45)},
        vacuum=_some(random, destroyed, 0.3),
        calcified=_some(random, worn, 0.08),
        spurs={disc: random.uniform(1, 7) for disc in worn if random.chance(0.6)},
        bridges=_draw_bridges(random, worn),
        nodes=_some(random, range(COUNT), 0.08),
        modic={disc: _draw_modic(random) for disc in worn if random.chance(0.25)},
        fractures={level: _draw_fracture(random) for level in range(COUNT) if random.chance(0.035)},
        haemangiomas=_some(random, range(COUNT), 0.04),
        lysis=lysis,
        laminectomy=_some(random, range(4), 0.15) if random.chance(0.15) else frozenset(),
        fused=fused,
        cages=_some(random, sorted(fused), 0.7),
        lumbar_ribs=random.chance(0.03),
    )


def _some(random: Randomness, where: range | list[int], chance: float) -> frozenset[int]:
    return frozenset(place for place in where if random.chance(chance))


def _draw_segmentation(random: Randomness) -> tuple[int, Transition]:
    """Draw number and transition of the lumbar vertebrae: one person in seven is unusual."""
    states = (
        (5, Transition.NONE, 0.85),
        (5, Transition.BROAD, 0.03),
        (5, Transition.ARTICULATED, 0.03),
        (4, Transition.SACRALISED, 0.025),
        (5, Transition.LUMBARISED, 0.025),
        (6, Transition.NONE, 0.02),
        (4, Transition.NONE, 0.01),
        (6, Transition.ARTICULATED, 0.01),
    )
    lumbar, transition, _ = states[int(random.numbers.choice(len(states), p=[s[2] for s in states]))]
    return lumbar, transition


def _draw_degeneration(random: Randomness) -> dict[int, float]:
    wear = np.clip(random.numbers.beta(1.3, 1.6, COUNT) * np.array(WEAR) * 1.15, 0, 1)
    return {disc: float(value) for disc, value in enumerate(wear)}


def _draw_scoliosis(random: Randomness) -> float:
    """Cobb angle: over 10 degrees in one of eight."""
    angle = random.uniform(10, 45) if random.chance(0.12) else random.uniform(0, 10)
    return angle if random.chance(0.5) else -angle


def _draw_slips(random: Randomness, lysis: frozenset[int]) -> dict[int, float]:
    slips = {
        disc: random.uniform(-3, 9) for disc in range(COUNT) if random.chance(0.10 if disc < 2 else 0.03)
    }
    return slips | {disc: random.uniform(2, 12) for disc in lysis}


def _draw_herniation(random: Randomness) -> Herniation:
    side = (
        random.normal(0, 6)
        if random.chance(0.85)
        else random.uniform(14, 20) * random.numbers.choice([-1, 1])
    )
    if random.chance(0.75):
        return Herniation(random.uniform(2, 5), float(side))
    return Herniation(random.uniform(5, 9), float(side), extruded=True, migration=random.uniform(-9, 6))


def _draw_bridges(random: Randomness, worn: list[int]) -> frozenset[int]:
    """Single bridges across worn discs, or the flowing ones of hyperostosis from above."""
    if random.chance(0.06):
        return frozenset(range(int(random.numbers.integers(1, 5)), COUNT))
    return _some(random, worn, 0.08)


def _draw_modic(random: Randomness) -> Modic:
    return (Modic.OEDEMA, Modic.FAT, Modic.SCLEROSIS)[int(random.numbers.choice(3, p=[0.3, 0.6, 0.1]))]


def _draw_fracture(random: Randomness) -> Fracture:
    deformity = tuple(Deformity)[int(random.numbers.choice(3, p=[0.5, 0.35, 0.15]))]
    return Fracture(deformity, random.uniform(0.15, 0.55), random.chance(0.35))


def _draw_fused(random: Randomness) -> frozenset[int]:
    if not random.chance(0.06):
        return frozenset()
    first = int(random.numbers.integers(0, 3))
    return frozenset(range(first, first + int(random.numbers.integers(1, 4))))
