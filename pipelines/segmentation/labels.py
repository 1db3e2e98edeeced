"""Fixed SegmentLabel texts and label values (docs/dicom-results.md)."""

from models.anatomy.tissues import MUSCLES
from pipelines.types import Finding

__all__ = [
    "CANAL",
    "DISCS",
    "INCOMPLETE",
    "LEVELS",
    "MUSCLES",
    "SACRUM",
    "UNDETERMINED",
    "incomplete_name",
    "level_name",
    "level_unknown",
]

LEVELS = ("L5", "L4", "L3", "L2", "L1")  #: upward from the sacrum
DISCS = ("L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2")  #: upward from the sacrum

SACRUM = "sacrum"
CANAL = "spinal canal"

UNDETERMINED = "level not determined"
INCOMPLETE = "incomplete"  #: cut by the edge of the field of view


def level_name(kind: str, position: int, names: tuple[str, ...] | None) -> str | None:
    """Name the `position`-th structure above the sacrum, or count it from below without a level.

    Parameters
    ----------
    kind : {"vertebra", "vertebral body", "disc"}
    position : int
        0 for the lowest.
    names : tuple of str or None
        LEVELS or DISCS; None where the levels are not determined.

    Returns
    -------
    str or None
        None above the lumbar spine.
    """
    if names is None:
        return f"{kind} {position + 1} ({UNDETERMINED})"
    return f"{names[position]} {kind}" if 0 <= position < len(names) else None


def incomplete_name(name: str) -> str:
    """Mark a SegmentLabel as that of a structure cut by the edge of the field of view.

    "L1 vertebra" becomes "L1 vertebra (incomplete)", "vertebra 3 (level not determined)" "vertebra 3 (level
    not determined, incomplete)".
    """
    if name.endswith(")"):
        return f"{name[:-1]}, {INCOMPLETE})"
    return f"{name} ({INCOMPLETE})"


def level_unknown(reason: str) -> Finding:
    """Say why the levels are open, and what the numbers mean then."""
    return Finding("LEVEL_UNKNOWN", f"{reason}; structures are numbered from the lowest one in view")
