"""The report as a PDF: A4, the font inside, page numbers, bookmarks; the same content as the web page."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any, Final

from matplotlib import rc_context
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, PageBreak, PageTemplate

from pipelines.report_training import theme
from pipelines.report_training.blocks import Document
from pipelines.report_training.pdf_blocks import set_block
from pipelines.report_training.pdf_type import MARGIN, REGULAR, WIDTH, paragraph, register, style

_TOP: Final = 18 * mm  #: and bottom


def document_pdf(document: Document) -> bytes:
    """Set the pages; the same document gives the same bytes."""
    register()
    buffer = BytesIO()
    template = BaseDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=_TOP,
        bottomMargin=_TOP,
        title=document.title,
        author=document.foot,
        invariant=1,
    )
    frame = Frame(MARGIN, _TOP, WIDTH, A4[1] - 2 * _TOP, id="page", leftPadding=0, rightPadding=0)
    template.addPageTemplates(PageTemplate("page", [frame]))
    with rc_context(dict(theme.RC)):
        template.build(list(_story(document)), canvasmaker=partial(_Numbered, foot=document.foot))
    return buffer.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]
    """A canvas that knows at the end how many pages there are, and writes it on each."""

    def __init__(self, *arguments: Any, foot: str, **options: Any) -> None:
        super().__init__(*arguments, **(options | {"initialFontName": REGULAR}))
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
        self.setFont(REGULAR, 7)
        self.setFillColor(HexColor(theme.GREY))
        self.drawString(MARGIN, 10 * mm, theme.readable_text(self._foot))
        self.drawRightString(A4[0] - MARGIN, 10 * mm, f"Page {self._pageNumber} of {total}")


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


def _story(document: Document) -> Iterator[Flowable]:
    yield paragraph(document.title, style(17, bold=True))
    yield paragraph(document.subtitle, style(8.5, theme.GREY, spaceBefore=2, spaceAfter=2))
    for index, chapter in enumerate(document.chapters):
        if chapter.key == "checklists":
            yield PageBreak()
        yield CondPageBreak(60 * mm)
        yield _Bookmark(chapter.key, theme.readable_text(chapter.title))
        yield paragraph(chapter.title, style(12, bold=True, spaceBefore=10 if index else 6, spaceAfter=4))
        for block in chapter.blocks:
            yield from set_block(block)
