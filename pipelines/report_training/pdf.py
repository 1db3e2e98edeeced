"""The report as a PDF: A4, the font inside, page numbers, bookmarks; the same content as the web page."""

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib import rc_context
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch, mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from pipelines.report_training import theme
from pipelines.report_training.blocks import (
    Answer,
    Block,
    Bullets,
    Document,
    Heading,
    Notice,
    Picture,
    Table,
    Text,
)

_MARGIN: Final = 20 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_DPI: Final = 200
_FACES: Final = {"Report": "DejaVuSans", "Report-Bold": "DejaVuSans-Bold"}
_NOTICES: Final = {
    "alarm": ("#fdecea", theme.ALARM, "Report-Bold"),
    "caution": ("#fff4de", "#7a4b00", "Report"),
    "note": (theme.SOFT, theme.INK, "Report"),
}


def document_pdf(document: Document) -> bytes:
    """Set the pages; the same document gives the same bytes."""
    _register()
    buffer = BytesIO()
    template = BaseDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=document.title,
        author=document.foot,
        invariant=1,
    )
    frame = Frame(_MARGIN, 18 * mm, _WIDTH, A4[1] - 36 * mm, id="page", leftPadding=0, rightPadding=0)
    template.addPageTemplates(PageTemplate("page", [frame]))
    with rc_context(dict(theme.RC)):
        template.build(list(_story(document)), canvasmaker=partial(_Numbered, foot=document.foot))
    return buffer.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]
    """A canvas that knows at the end how many pages there are, and writes it on each."""

    def __init__(self, *arguments: Any, foot: str, **options: Any) -> None:
        super().__init__(*arguments, **(options | {"initialFontName": "Report"}))
        self._foot = foot
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self._number(len(self._pages))
            super().showPage()
        super().save()

    def _number(self, total: int) -> None:
        self.setFont("Report", 7)
        self.setFillColor(HexColor(theme.GREY))
        self.drawString(_MARGIN, 10 * mm, theme.readable_text(self._foot))
        self.drawRightString(A4[0] - _MARGIN, 10 * mm, f"Page {self._pageNumber} of {total}")


class _Bookmark(Flowable):  # type: ignore[misc]
    """An entry of the document's outline."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__()
        self._key, self._title = key, title

    def wrap(self, *_: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.bookmarkPage(self._key)
        self.canv.addOutlineEntry(self._title, self._key, 0)


def _register() -> None:
    """Register the font that comes with matplotlib; reportlab keeps one registry per process."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face, file in _FACES.items():
        if face not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face, folder / f"{file}.ttf"))


def _style(size: float, colour: str = theme.INK, *, bold: bool = False, **more: Any) -> ParagraphStyle:
    values = {"leading": size * 1.4, "splitLongWords": 1, **more}
    face = "Report-Bold" if bold else "Report"
    return ParagraphStyle("text", fontName=face, fontSize=size, textColor=HexColor(colour), **values)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(theme.readable_text(text)), style)


def _story(document: Document) -> Iterator[Flowable]:
    yield _paragraph(document.title, _style(17, bold=True))
    yield _paragraph(document.subtitle, _style(8.5, theme.GREY, spaceBefore=2, spaceAfter=2))
    for index, chapter in enumerate(document.chapters):
        if chapter.key == "checklists":
            yield PageBreak()
        yield CondPageBreak(60 * mm)
        yield _Bookmark(chapter.key, theme.readable_text(chapter.title))
        yield _paragraph(chapter.title, _style(12, bold=True, spaceBefore=10 if index else 6, spaceAfter=4))
        for block in chapter.blocks:
            yield from _SETTERS[type(block)](block)


def _text(block: Text) -> Iterator[Flowable]:
    size, colour = (6.8, theme.GREY) if block.small else (8.5, theme.INK)
    yield _paragraph(block.text, _style(size, colour, spaceAfter=4))


def _heading(block: Heading) -> Iterator[Flowable]:
    yield _paragraph(block.text, _style(9.5, bold=True, spaceBefore=6, spaceAfter=2, keepWithNext=1))


def _bullets(block: Bullets) -> Iterator[Flowable]:
    items = [ListItem(_paragraph(item, _style(8.5)), leftIndent=10) for item in block.items]
    look = {"bulletFontName": "Report", "bulletFontSize": 5, "bulletOffsetY": -2}
    yield ListFlowable(items, bulletType="bullet", leftIndent=10, spaceAfter=4, **look)


def _notice(block: Notice) -> Iterator[Flowable]:
    ground, colour, face = _NOTICES[block.level]
    text = _paragraph(block.text, _style(8.2, colour, bold=face == "Report-Bold"))
    yield _boxed([[text]], ground, [_WIDTH])
    yield Spacer(0, 3)


def _boxed(rows: list[list[Any]], ground: str, widths: list[float]) -> Grid:
    style = [
        ("FONTNAME", (0, 0), (-1, -1), "Report"),
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
        _paragraph(block.question, _style(9)),
        _paragraph(block.headline, _style(19, colour, bold=True)),
        _paragraph(block.kind, _style(9, colour, spaceAfter=4)),
    ]
    facts = [
        [
            _paragraph(fact.name, _style(7, theme.GREY)),
            _paragraph(fact.value, _style(8.5, bold=True)),
            _paragraph(fact.detail, _style(6.8, theme.GREY)),
        ]
        for fact in block.facts
    ]
    grid = _boxed([[head, *[""] * (len(facts) - 1)], facts], theme.SOFT, [_WIDTH / len(facts)] * len(facts))
    edge = theme.ALARM if block.optimistic else theme.BLUE
    grid.setStyle(TableStyle([("SPAN", (0, 0), (-1, 0)), ("LINEBEFORE", (0, 0), (0, -1), 3, HexColor(edge))]))
    yield grid
    yield Spacer(0, 6)


def _table(block: Table) -> Iterator[Flowable]:
    widths = block.widths or (2.0, *[1.0] * (len(block.columns) - 1))
    shares = [_WIDTH * one / sum(widths) for one in widths]
    right = 2 if block.numeric else 0  # reportlab's TA_RIGHT, TA_LEFT
    head = [
        _paragraph(name, _style(6.8, theme.GREY, alignment=right if i else 0))
        for i, name in enumerate(block.columns)
    ]
    rows = [_cells(row, right) for row in block.rows]
    grid = Grid([head, *rows], shares, repeatRows=1, style=TableStyle(_ruling(block)))
    caption = (
        [_paragraph(block.caption, _style(8.2, bold=True, spaceBefore=6, spaceAfter=2))]
        if block.caption
        else []
    )
    note = (
        [_paragraph(block.note, _style(6.8, theme.GREY, spaceBefore=2, spaceAfter=6))] if block.note else []
    )
    if len(rows) <= 16:
        yield KeepTogether([*caption, grid, *note, Spacer(0, 4)])
        return
    yield CondPageBreak(50 * mm)
    yield from (*caption, grid, *note, Spacer(0, 4))


def _cells(row: tuple[str, ...], right: int) -> list[Paragraph]:
    part = _is_part(row)
    first = _style(7.3, bold=part, leftIndent=8 if row[0].startswith("   ") else 0)
    others = _style(7.3, alignment=right)
    return [_paragraph(cell.strip(), others if i else first) for i, cell in enumerate(row)]


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
        ("FONTNAME", (0, 0), (-1, -1), "Report"),
        ("BACKGROUND", (0, 0), (-1, -1), white),
    ]
    parts = [i for i, row in enumerate(block.rows, 1) if _is_part(row)]
    kept = [("NOSPLIT", (0, i), (-1, min(i + 1, len(block.rows)))) for i in parts]
    return [*rules, *kept, *(("SPAN", (0, i), (-1, i)) for i in parts)]


def _picture(block: Picture) -> Iterator[Flowable]:
    figure = block.draw()
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    width, height = (float(side) * inch for side in figure.get_size_inches())
    image = Image(buffer, _WIDTH, height * _WIDTH / width)
    caption = _paragraph(block.caption, _style(7.3, theme.GREY, spaceBefore=2, spaceAfter=8))
    yield KeepTogether([Spacer(0, 4), image, caption])


_SETTERS: Final[dict[type[Block], Callable[[Any], Iterator[Flowable]]]] = {
    Text: _text,
    Heading: _heading,
    Bullets: _bullets,
    Notice: _notice,
    Answer: _answer,
    Table: _table,
    Picture: _picture,
}
