"""Every kind of block of the PDF."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import inch
from reportlab.platypus import Flowable, Image, KeepTogether, ListFlowable, ListItem, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from pipelines.report_training import theme
from pipelines.report_training.blocks import Answer, Block, Bullets, Heading, Notice, Picture, Table, Text
from pipelines.report_training.pdf_table import set_table
from pipelines.report_training.pdf_type import REGULAR, WIDTH, paragraph, style

_DPI: Final = 200
#: Ground and colour of the text.
_NOTICES: Final = {
    "alarm": ("#fdecea", theme.ALARM),
    "caution": ("#fff4de", "#7a4b00"),
    "note": (theme.SOFT, theme.INK),
}


def set_block(block: Block) -> Iterator[Flowable]:
    """Set a block."""
    yield from _SETTERS[type(block)](block)


def _text(block: Text) -> Iterator[Flowable]:
    size, colour = (6.8, theme.GREY) if block.small else (8.5, theme.INK)
    yield paragraph(block.text, style(size, colour, spaceAfter=4))


def _heading(block: Heading) -> Iterator[Flowable]:
    yield paragraph(block.text, style(9.5, bold=True, spaceBefore=6, spaceAfter=2, keepWithNext=1))


def _bullets(block: Bullets) -> Iterator[Flowable]:
    items = [ListItem(paragraph(item, style(8.5)), leftIndent=10) for item in block.items]
    look = {"bulletFontName": REGULAR, "bulletFontSize": 5, "bulletOffsetY": -2}
    yield ListFlowable(items, bulletType="bullet", leftIndent=10, spaceAfter=4, **look)


def _notice(block: Notice) -> Iterator[Flowable]:
    ground, colour = _NOTICES[block.level]
    text = paragraph(block.text, style(8.2, colour, bold=block.level == "alarm"))
    yield _boxed([[text]], ground, [WIDTH])
    yield Spacer(0, 3)


def _boxed(rows: list[list[Any]], ground: str, widths: list[float]) -> Grid:
    style = [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("BACKGROUND", (0, 0), (-1, -1), HexColor(ground)),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Grid(rows, widths, style=TableStyle(style), cornerRadii=[3] * 4)


def _answer(block: Answer) -> Iterator[Flowable]:
    colour = theme.ALARM if block.optimistic else theme.INK
    head = [
        paragraph(block.question, style(9)),
        paragraph(block.headline, style(19, colour, bold=True)),
        paragraph(block.kind, style(9, colour, spaceAfter=4)),
    ]
    facts = [
        [
            paragraph(fact.name, style(7, theme.GREY)),
            paragraph(fact.value, style(8.5, bold=True)),
            paragraph(fact.detail, style(6.8, theme.GREY)),
        ]
        for fact in block.facts
    ]
    grid = _boxed([[head, *[""] * (len(facts) - 1)], facts], theme.SOFT, [WIDTH / len(facts)] * len(facts))
    edge = theme.ALARM if block.optimistic else theme.BLUE
    grid.setStyle(TableStyle([("SPAN", (0, 0), (-1, 0)), ("LINEBEFORE", (0, 0), (0, -1), 3, HexColor(edge))]))
    yield grid
    yield Spacer(0, 6)


def _picture(block: Picture) -> Iterator[Flowable]:
    figure = block.draw()
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    width, height = (float(side) * inch for side in figure.get_size_inches())
    image = Image(buffer, WIDTH, height * WIDTH / width)
    caption = paragraph(block.caption, style(7.3, theme.GREY, spaceBefore=2, spaceAfter=8))
    yield KeepTogether([Spacer(0, 4), image, caption])


_SETTERS: Final[dict[type[Block], Callable[[Any], Iterator[Flowable]]]] = {
    Text: _text,
    Heading: _heading,
    Bullets: _bullets,
    Notice: _notice,
    Answer: _answer,
    Table: set_table,
    Picture: _picture,
}
