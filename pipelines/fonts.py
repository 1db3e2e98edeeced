"""The one font of every picture and report: it comes with matplotlib, the same on every machine."""

from functools import cache
from typing import Final

from matplotlib.font_manager import findfont, get_font

FONT: Final = "DejaVu Sans"


def shows(character: str) -> bool:
    """Tell whether the font can show a character."""
    return ord(character) in _characters()


@cache
def _characters() -> frozenset[int]:
    return frozenset(get_font(findfont(FONT)).get_charmap())
