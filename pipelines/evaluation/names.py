"""SegmentLabels taken apart: the place (level or side) and the kind of structure."""

import re
from dataclasses import dataclass

from pipelines.dicom.structures import INCOMPLETE, STRUCTURES

_PLACED = re.compile(r"(?P<place>[LT]\d+(?:-[LST]\d+)?|left|right) (?P<kind>.+)")
_COUNTED = re.compile(r"(?P<kind>.+) \d+ \(level not determined(?:, incomplete)?\)")


@dataclass(frozen=True, slots=True)
class Name:
    """A structure's name.

    Attributes
    ----------
    place : str or None
        Level or side: "L5", "L4-L5", "left"; None where there is none, or none was determined.
    kind : str
        "vertebra", "vertebral body", "disc", "sacrum", "multifidus" …
    """

    place: str | None
    kind: str

    @property
    def is_thoracic(self) -> bool:
        """Whether it lies above the lumbar spine, where no score counts it."""
        return self.place is not None and self.place.startswith("T")


def parse(label: str) -> Name:
    """Take a SegmentLabel apart; a kind alone ("vertebra") is a name without a place.

    What is cut by the field of view has a level that no reference need share: a name without a place, too.
    """
    if label.endswith(INCOMPLETE):
        return Name(None, parse(label.removesuffix(INCOMPLETE)).kind)
    if placed := _PLACED.fullmatch(label):
        return Name(placed["place"], placed["kind"])
    counted = _COUNTED.fullmatch(label)
    return Name(None, counted["kind"] if counted else label)


#: kinds of structure, and which of them come with a level or a side
KINDS = frozenset(parse(label).kind for label in STRUCTURES)
PLACED_KINDS = frozenset(parse(label).kind for label in STRUCTURES if parse(label).place)


def is_known(label: str) -> bool:
    """Tell whether a reference may name a structure so: a fixed SegmentLabel, or a kind alone."""
    return label in STRUCTURES or label in KINDS
