"""Tables of the PDF."""

from collections.abc import Iterator
from typing import Any, Final

from reportlab.lib.colors import HexColor, white
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from pipelines.report_training import theme
from pipelines.report_training.blocks import Table
from pipelines.report_training.pdf_type import REGULAR, WIDTH, paragraph, style

_LEFT, _RIGHT = 0, 2  # reportlab's TA_LEFT, TA_RIGHT
_SHORT: Final = 16  #: rows; a table with no more stays on one page


def set_table(block: Table) -> Iterator[Flowable]:
    """Set a table; its head is repeated on every page."""
    widths = block.widths or (2.0, *[1.0] * (len(block.columns) - 1))
    right = _RIGHT if block.numeric else _LEFT
    head = [
        paragraph(name, style(6.8, theme.GREY, alignment=right if i else _LEFT))
        for i, name in enumerate(block.columns)
    ]
    rows = [_cells(row, right) for row in block.rows]
    shares = [WIDTH * one / sum(widths) for one in widths]
    grid = Grid([head, *rows], shares, repeatRows=1, style=TableStyle(_ruling(block)))
    parts = [*_caption(block), grid, *_note(block), Spacer(0, 4)]
    if len(rows) <= _SHORT:
        yield KeepTogether(parts)
    else:
        yield from (CondPageBreak(50 * mm), *parts)


def _caption(block: Table) -> Iterator[Paragraph]:
    if block.caption:
        yield paragraph(block.caption, style(8.2, bold=True, spaceBefore=6, spaceAfter=2))


def _note(block: Table) -> Iterator[Paragraph]:
    if block.note:
        yield paragraph(block.note, style(6.8, theme.GREY, spaceBefore=2, spaceAfter=6))


def _cells(row: tuple[str, ...], right: int) -> list[Paragraph]:
    part = _is_part(row)
    first = style(7.3, bold=part, leftIndent=8 if row[0].startswith("   ") else 0)
    others = style(7.3, alignment=right)
    return [paragraph(cell.strip(), others if i else first) for i, cell in enumerate(row)]


def _is_part(row: tuple[str, ...]) -> bool:
    return row[0].endswith(":") and not any(row[1:])


def _ruling(block: Table) -> list[tuple[Any, ...]]:
    rules: list[tuple[Any, ...]] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(theme.RULE)),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(theme.GREY)),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("BACKGROUND", (0, 0), (-1, -1), white),
    ]
    parts = [i for i, row in enumerate(block.rows, 1) if _is_part(row)]
    kept = [("NOSPLIT", (0, i), (-1, min(i + 1, len(block.rows)))) for i in parts]
    return [*rules, *kept, *(("SPAN", (0, i), (-1, i)) for i in parts)]
