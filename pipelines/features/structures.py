"""Which group a SegmentLabel belongs to, and on which side it lies."""

from typing import Literal, get_args

Group = Literal[
    "vertebra", "body", "disc", "multifidus", "erector_spinae", "psoas_major", "quadratus_lumborum"
]
Side = Literal["left", "right"]

GROUPS: tuple[Group, ...] = get_args(Group)
MUSCLE_GROUPS: tuple[Group, ...] = GROUPS[3:]

_NAMES: tuple[tuple[str, Group], ...] = (
    ("vertebral body", "body"),
    ("vertebra", "vertebra"),
    ("disc", "disc"),
    ("multifidus", "multifidus"),
    ("erector spinae", "erector_spinae"),
    ("psoas major", "psoas_major"),
    ("quadratus lumborum", "quadratus_lumborum"),
)


def group_of(structure: str) -> Group | None:
    """Give the group whose structures share their features, level by level and side by side.

    Parameters
    ----------
    structure : str
        SegmentLabel, e.g. "L4-L5 disc", "left multifidus" or "vertebra 1 (level not determined)".

    Returns
    -------
    str or None
        None for structures that carry no features of their own: the sacrum (cut off at a different height in
        every scan), the spinal canal (its texture is that of flowing liquid) and what is "(incomplete)".
    """
    if is_incomplete(structure):
        return None
    return next((group for name, group in _NAMES if name in structure), None)


def is_incomplete(structure: str) -> bool:
    """Say whether a SegmentLabel is that of a structure cut by the edge of the field of view."""
    return structure.endswith("incomplete)")


def side_of(structure: str) -> Side | None:
    """Give the side of the body a structure's label names, if it names one."""
    if structure.startswith("left "):
        return "left"
    return "right" if structure.startswith("right ") else None
