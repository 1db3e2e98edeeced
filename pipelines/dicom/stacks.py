"""From the frames of a series to one stack of parallel slices, each place taken once.

A series may hold more than one stack: localisers in three planes, blocks angled along the discs, echoes,
phases, a slice sent twice. One consistent stack is chosen, and what was left aside is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipelines.dicom.frames import Frame, Plane, Tags
from pipelines.dicom.geometry import SAME_PLACE
from pipelines.errors import GeometryError
from pipelines.types import Finding, Role

Located = tuple[Frame, Plane]
SamePixels = Callable[[Frame, Frame], bool]

DIXON_VALUES: dict[Role, frozenset[str]] = {
    Role.MR_AXIAL_DIXON_WATER: frozenset({"W", "WATER"}),
    Role.MR_AXIAL_DIXON_FAT: frozenset({"F", "FAT"}),
}
T2_ROLES = frozenset({Role.MR_SAG_T2, Role.MR_AXIAL_T2})
#: values of Image Type that are no plain magnitude image
UNUSUAL_VALUES = frozenset(
    {"W", "WATER", "F", "FAT", "OP", "OPP_PHASE", "OUT_PHASE", "P", "PHASE", "PHASE MAP", "R", "REAL", "I"}
    | {"IMAGINARY", "FF", "FAT_FRACTION", "ADC", "R2", "R2STAR", "T2STAR"}
)


@dataclass(frozen=True, slots=True)
class Stack:
    """Parallel slices in order along their normal, no two at the same place."""

    slices: tuple[Located, ...]
    warnings: tuple[Finding, ...]


def choose_stack(frames: Sequence[Located], role: Role, same_pixels: SamePixels) -> Stack:
    """Choose the stack that serves `role`.

    Parameters
    ----------
    frames : sequence of (Frame, Plane), at least one
    role : Role
        Decides between echoes and between Dixon images of one series.
    same_pixels : callable (Frame, Frame) -> bool
        Compares the stored pixels of two frames.

    Raises
    ------
    GeometryError
        DUPLICATE_POS if several different images lie at the same places and no attribute tells them apart.
    """
    slices, mixed = _largest_block(frames)
    slices, dropped = _drop_copies(slices, same_pixels)
    slices, split = _split(slices, role)
    return Stack(tuple(slices), tuple(finding for finding in (mixed, dropped, split) if finding))


def parallel_blocks(frames: Sequence[Located]) -> list[list[Located]]:
    """Group frames into blocks of one orientation, matrix and pixel size, the largest first."""
    blocks: list[list[Located]] = []
    for frame in frames:
        for block in blocks:
            if block[0][1].matches(frame[1]):
                block.append(frame)
                break
        else:
            blocks.append([frame])
    return sorted(blocks, key=lambda block: (-len(block), min(plane.position[2] for _, plane in block)))


def in_order(slices: Sequence[Located]) -> list[Located]:
    """Sort parallel slices by their position along the normal."""
    normal = slices[0][1].normal
    return sorted(slices, key=lambda item: float(np.dot(item[1].position, normal)))


def _largest_block(frames: Sequence[Located]) -> tuple[list[Located], Finding | None]:
    blocks = parallel_blocks(frames)
    chosen = in_order(blocks[0])
    if len(blocks) == 1:
        return chosen, None
    text = (
        f"{len(blocks)} stacks of different orientation or matrix in one series; "
        f"the largest is used, {len(chosen)} of {len(frames)} slices"
    )
    return chosen, Finding("MIXED_STACKS", text)


def places(slices: Sequence[Located]) -> list[list[Located]]:
    """Group ordered slices that lie at the same position."""
    normal = slices[0][1].normal
    found: list[list[Located]] = [[slices[0]]]
    for before, current in pairwise(slices):
        distance = np.dot(np.subtract(current[1].position, before[1].position), normal)
        if distance < SAME_PLACE:
            found[-1].append(current)
        else:
            found.append([current])
    return found


def _drop_copies(slices: list[Located], same_pixels: SamePixels) -> tuple[list[Located], Finding | None]:
    kept = [item for place in places(slices) for item in _without_copies(place, same_pixels)]
    dropped = len(slices) - len(kept)
    text = f"{dropped} slice(s) are there twice with the same pixels and were used once"
    return kept, Finding("DUPLICATE_SLICE", text) if dropped else None


def _without_copies(place: list[Located], same_pixels: SamePixels) -> list[Located]:
    kept: list[Located] = []
    for frame, plane in place:
        if not any(frame.tags == other.tags and same_pixels(frame, other) for other, _ in kept):
            kept.append((frame, plane))
    return kept


def _split(slices: list[Located], role: Role) -> tuple[list[Located], Finding | None]:
    """Choose among the images that lie at the same places."""
    positions = len(places(slices))
    if positions == len(slices):
        return slices, None
    for number, name in enumerate(Tags._fields):
        groups = _by_tag(slices, number)
        if len(groups) > 1 and all(len(places(group)) == len(group) for group in groups):
            chosen = max(groups, key=lambda group: _preference(group, role))
            if 2 * len(chosen) > positions:
                text = (
                    f"{len(groups)} images at the same places, told apart by {name}; "
                    f"{len(chosen)} of {len(slices)} slices used ({name} {chosen[0][0].tags[number]})"
                )
                return chosen, Finding("SPLIT_STACK", text)
    text = (
        f"{len(slices)} different images at {positions} positions, and no attribute tells the passes apart; "
        "send one pass as a series of its own"
    )
    raise GeometryError("DUPLICATE_POS", text)


def _by_tag(slices: list[Located], number: int) -> list[list[Located]]:
    groups: dict[object, list[Located]] = {}
    for item in slices:
        groups.setdefault(item[0].tags[number], []).append(item)
    return list(groups.values())


def _preference(group: list[Located], role: Role) -> tuple[bool, bool, int, float]:
    """Rank a group: the Dixon image of the role, plain magnitude, more slices, the echo of the weighting."""
    tags = group[0][0].tags
    values = frozenset(value.upper() for value in tags.image_type[2:])
    echo = tags.echo_time or 0.0
    return (
        bool(values & DIXON_VALUES.get(role, frozenset())),
        not values & UNUSUAL_VALUES,
        len(group),
        echo if role in T2_ROLES else -echo,
    )
