"""The PDF's font, its styles and measures."""

from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from pipelines.report_training import theme

MARGIN: Final = 20 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
REGULAR, BOLD = "Report", "Report-Bold"

_FACES: Final = {REGULAR: "DejaVuSans", BOLD: "DejaVuSans-Bold"}


def register() -> None:
    """Register the font that comes with matplotlib; reportlab keeps one registry per process."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face, file in _FACES.items():
        if face not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face, folder / f"{file}.ttf"))


def style(size: float, colour: str = theme.INK, *, bold: bool = False, **more: Any) -> ParagraphStyle:
    """Give a style; `size` in points."""
    values = {"leading": size * 1.4, "splitLongWords": 1, **more}
    face = BOLD if bold else REGULAR
    return ParagraphStyle("text", fontName=face, fontSize=size, textColor=HexColor(colour), **values)


def paragraph(text: str, look: ParagraphStyle) -> Paragraph:
    """Set plain text; signs that the font lacks are written in Latin letters."""
    return Paragraph(escape(theme.readable_text(text)), look)
