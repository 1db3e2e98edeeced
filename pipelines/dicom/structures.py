"""What each SegmentLabel is: its codes, its side, its colour.

SegmentLabel texts are fixed (docs/dicom-results.md); a structure whose level is not determined is counted
from below, never guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydicom.sr.coding import Code

from pipelines.dicom.codes import LEFT, RIGHT, private
from pipelines.errors import PipelineError

RGB = tuple[int, int, int]

ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
VERTEBRA = Code("51282000", "SCT", "Vertebra")
DISC = private("DISC", "Intervertebral disc")


@dataclass(frozen=True, slots=True)
class Structure:
    """A SegmentLabel with its codes.

    Attributes
    ----------
    label : str
        SegmentLabel.
    short : str
        For figures, where there is little room.
    kind : Code
        Segmented property type (CID 7151) and finding type.
    side : Code or None
        Laterality (CID 244).
    rgb : tuple of int
        Recommended display colour, 0 to 255 each.
    """

    label: str
    short: str
    kind: Code
    side: Code | None
    rgb: RGB


#: Upward from the sacrum; CID 7603. T10 to T12 come in view above L1.
_VERTEBRAE: tuple[tuple[str, str, RGB], ...] = (
    ("L5", "49668003", (0, 114, 178)),
    ("L4", "11994002", (240, 228, 66)),
    ("L3", "36470004", (0, 158, 115)),
    ("L2", "14293000", (86, 180, 233)),
    ("L1", "66794005", (230, 159, 0)),
    ("T12", "23215003", (146, 115, 210)),
    ("T11", "12989004", (190, 186, 218)),
    ("T10", "7610001", (128, 160, 140)),
)
#: Upward from the sacrum; CID 7604.
_DISCS: tuple[tuple[str, str, RGB], ...] = (
    ("L5-S1", "715056000", (145, 130, 220)),
    ("L4-L5", "84020006", (252, 141, 89)),
    ("L3-L4", "62551000", (153, 213, 148)),
    ("L2-L3", "67459009", (204, 121, 167)),
    ("L1-L2", "80064006", (213, 94, 0)),
    ("T12-L1", "76206002", (120, 198, 190)),
    ("T11-T12", "1537001", (170, 170, 90)),
)
#: name, short name, code, colour of the left one, colour of the right one.
_MUSCLES: tuple[tuple[str, str, Code, RGB, RGB], ...] = (
    ("multifidus", "MF", Code("7:508", "MDC", "Musculi multifidii"), (230, 85, 60), (255, 150, 120)),
    (
        "erector spinae",
        "ES",
        Code("44947003", "SCT", "Erector spinae muscle"),
        (60, 130, 220),
        (140, 190, 255),
    ),
    ("psoas major", "PM", Code("68455001", "SCT", "Psoas muscle"), (40, 160, 90), (130, 215, 160)),
    (
        "quadratus lumborum",
        "QL",
        Code("7:576", "MDC", "Musculus quadratus lumborum"),
        (210, 160, 20),
        (250, 215, 110),
    ),
)
_OTHERS: tuple[Structure, ...] = (
    Structure("sacrum", "sacrum", Code("54735007", "SCT", "Sacrum"), None, (190, 140, 100)),
    Structure("spinal canal", "canal", Code("61853006", "SCT", "Spinal canal"), None, (120, 220, 250)),
)

_UNDETERMINED = re.compile(
    r"(vertebral body|vertebra|disc) ([1-9][0-9]?) \(level not determined(?:, incomplete)?\)"
)
INCOMPLETE = " (incomplete)"  #: ends the label of a structure whose level is known and which is cut


def _bones() -> list[Structure]:
    return [
        Structure(f"{level} {kind}", level, Code(code, "SCT", f"{level} vertebra"), None, rgb)
        for level, code, rgb in _VERTEBRAE
        for kind in ("vertebra", "vertebral body")
    ]


def _discs() -> list[Structure]:
    return [
        Structure(f"{level} disc", level, Code(code, "SCT", f"{level.replace('-', '/')} disc"), None, rgb)
        for level, code, rgb in _DISCS
    ]


def _muscles() -> list[Structure]:
    return [
        Structure(f"{side} {name}", f"{side[0].upper()} {short}", code, laterality, rgb)
        for name, short, code, *colours in _MUSCLES
        for side, laterality, rgb in (("left", LEFT, colours[0]), ("right", RIGHT, colours[1]))
    ]


#: Every structure whose level and side are known, by SegmentLabel.
STRUCTURES: Mapping[str, Structure] = {
    structure.label: structure for structure in (*_bones(), *_discs(), *_OTHERS, *_muscles())
}


def reading_order(labels: Iterable[str]) -> list[str]:
    """Sort SegmentLabels as a reader expects them: bones, then discs, from head to foot; then the rest."""
    return sorted(labels, key=_place)


def _place(label: str) -> tuple[int, int, str]:
    counted = _UNDETERMINED.fullmatch(label)
    if counted is not None:
        return int(counted[1] == "disc"), -int(counted[2]), label
    level = label.split(maxsplit=1)[0]
    for group, table in enumerate((_VERTEBRAE, _DISCS)):
        levels = [row[0] for row in table]
        if level in levels:
            return group, -levels.index(level), label
    whole = label.removesuffix(INCOMPLETE)
    return 2, list(STRUCTURES).index(whole) if whole in STRUCTURES else 0, label


def structure_of(label: str) -> Structure:
    """Look up a structure by its SegmentLabel.

    Raises
    ------
    PipelineError
        LABEL_UNKNOWN, if `label` is neither in STRUCTURES nor one of the three counted forms
        "vertebra N (level not determined)", "vertebral body N …" and "disc N …", all of them with or
        without "incomplete".
    """
    whole = label.removesuffix(INCOMPLETE)
    if whole in STRUCTURES:
        return replace(STRUCTURES[whole], label=label)
    counted = _UNDETERMINED.fullmatch(label)
    if counted is None:
        raise PipelineError(
            "LABEL_UNKNOWN",
            f"structure {label!r} is not a fixed SegmentLabel; map it to one of pipelines.dicom.structures",
        )
    return _counted(label, counted[1], int(counted[2]))


def _counted(label: str, kind: str, position: int) -> Structure:
    colours, code = (_DISCS, DISC) if kind == "disc" else (_VERTEBRAE, VERTEBRA)
    rgb = colours[(position - 1) % len(colours)][2]
    return Structure(label, f"{kind.removeprefix('vertebral ')} {position}", code, None, rgb)
