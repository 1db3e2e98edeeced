"""Plan of the sacrum: the chain of its segments, with one more on top where the spine is transitional.

Proportions follow Abitbol, Am J Phys Anthropol 1987;74(1):65-81, and Esses et al., Spine
1991;16(6S):S283-S288 (promontory to apex about 110 mm, 105-115 mm wide at the first segment, ventral
foramina 30 mm apart).
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.anatomy.pathology import Transition
from models.anatomy.randomness import Randomness
from models.anatomy.shapes import Body, rotation

Vector = NDArray[np.float64]


class Section(NamedTuple):
    """The sacrum's sizes at the border of two segments, mm."""

    half_width: float  #: of the body
    half_depth: float  #: of the body
    breadth: float  #: half, over both wings, before the iliac bones cut it
    ventral: float  #: thickness of the wings in front of the bodies' back wall
    dorsal: float  #: and behind it


class _Kind(NamedTuple):
    """What one segment is like at size 1, mm and degrees."""

    half_height: float
    foramen: float  #: radius of the ventral foramina at the lower end; 0 is none
    foramen_out: float  #: their distance from the midline
    crest: float  #: height of the median crest; 0 is none, and no back wall
    bend: tuple[float, float]  #: towards the next segment; a positive bend tips it forward


SECTIONS = (  # at the top of S1 to S5 and at the bottom of S5
    Section(25, 16, 62, 19, 2),
    Section(17.5, 10.5, 58, 16, 8),
    Section(14.5, 7.5, 50, 12.5, 10),
    Section(12.5, 6, 39, 9.5, 8),
    Section(11, 5, 31, 7.5, 5),
    Section(8, 3.5, 13, 5, 2),
)
KINDS = (
    _Kind(15, 6.0, 18.5, 7, (-2, 12)),
    _Kind(12.5, 5.6, 16.5, 9, (-16, 4)),
    _Kind(10.5, 4.6, 15, 7, (-30, -10)),
    _Kind(9, 3.8, 14, 4, (-32, -10)),
    _Kind(8, 0, 0, 0, (-20, 0)),
)
# A segment that is half lumbar: square, with thin wings, and a disc below.
EXTRA_SECTIONS = (Section(26, 17, 55, 15, 3), Section(24.5, 15.5, 61, 18, 6))
EXTRA_KIND = _Kind(13.5, 6.0, 21, 8, (4, 12))


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment of the sacrum.

    Attributes
    ----------
    body : Body
        Its half width and half depth hold at the top.
    top, bottom : Section
    foramen, foramen_out, crest : float
        mm; see `_Kind`.
    disc : float
        Thickness of the remnant of a disc below, mm; 0 is none.
    inset : float
        How much smaller than the body it is at its sides, mm.
    square : bool
        Whether the segment is half lumbar.
    """

    body: Body
    top: Section
    bottom: Section
    foramen: float
    foramen_out: float
    crest: float
    disc: float
    inset: float
    square: bool


def draw_sacrum(
    random: Randomness, size: float, slope: float, promontory: Vector, transition: Transition
) -> tuple[Segment, ...]:
    """Draw the segments downward from the promontory along one back wall: bending back, then forward.

    Parameters
    ----------
    random : Randomness
    size : float
        Scale of the person.
    slope : float
        Of the upper end plate, radians.
    promontory : (3,) array
        Middle of the upper end plate, mm.
    transition : Transition
    """
    size = size * random.uniform(0.94, 1.06)
    pitch, top, segments = slope, promontory.copy(), []
    kinds, sections = _chain(transition)
    for rank, kind in enumerate(kinds):
        upper, lower = (Section(*(value * size for value in sections[rank + k])) for k in (0, 1))
        height, axes = kind.half_height * size, rotation(pitch, 0, 0)
        body = Body(
            top - axes[:, 2] * height,
            axes,
            height,
            upper.half_width,
            upper.half_depth,
            exponent=2.2,
            waist=0.02,
            concavity=0.05,
            tilt=pitch,
            upper_cup=random.uniform(0.02, 0.12) if rank == 0 else 0.0,
        )
        segment = Segment(
            body, upper, lower, kind.foramen * size, kind.foramen_out * size, kind.crest * size, 0, 0, False
        )
        segments.append(_with_disc(random, segment, first=rank == 0, square=kind is EXTRA_KIND))
        top = body.centre - axes[:, 2] * height + axes[:, 1] * (upper.half_depth - lower.half_depth)
        pitch += math.radians(random.uniform(*kind.bend))
    return tuple(segments)


def _chain(transition: Transition) -> tuple[tuple[_Kind, ...], tuple[Section, ...]]:
    if transition is Transition.SACRALISED:
        return (EXTRA_KIND, *KINDS), (*EXTRA_SECTIONS, *SECTIONS[1:])
    if transition is Transition.LUMBARISED:
        return (EXTRA_KIND, *KINDS[:4]), (*EXTRA_SECTIONS, *SECTIONS[1:5])
    return KINDS, SECTIONS


def _with_disc(random: Randomness, segment: Segment, *, first: bool, square: bool) -> Segment:
    """Leave a remnant of the disc below S1 in most people, a scar further down in half of them."""
    if square:
        return replace(segment, disc=random.uniform(3.5, 8), inset=random.uniform(0.5, 3), square=True)
    if not random.chance(0.85 if first else 0.5):
        return segment
    thickness = random.uniform(1.0, 5.0) if first else random.uniform(0.5, 1.5)
    return replace(segment, disc=thickness, inset=random.uniform(1.0, 7.0))
