"""The one-page report as a PDF, drawn with matplotlib.

No moment but the job's clock is written, and no font but the one that comes with matplotlib is used, so that
the same case gives the same bytes.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from pipelines.dicom.product import DEMONSTRATION, MANUFACTURER, RESEARCH_USE
from pipelines.fonts import FONT
from pipelines.report.content import MeasurementTable, ReportPage, RiskCard, SeriesRow, page_of
from pipelines.report.draw import draw_view, printable
from pipelines.report.panel import series_title
from pipelines.report.views import views_of
from pipelines.types import Analysis, Segmentation
from pipelines.version import VERSION
from pipelines.wording import NOT_REVIEWED

_WIDTH, _HEIGHT = 8.27, 11.69  # inches, A4
_LEFT, _RIGHT = 0.06, 0.94  # of the width
_INK, _GREY, _RULE, _ALARM = "#1d2329", "#5b6670", "#ccd3d9", "#b3261e"
CATEGORY_COLOURS = {
    "low": "#2e7d4f",
    "moderate": "#c98a00",
    "high": "#b3261e",
    "uncertain": "#5b6670",
    "none": "#5b6670",
}
_PICTURES = 4
_FEW_STRUCTURES = 32  # more need the room for their table rows
_SERIES_ROWS, _WARNING_ROWS = 9, 6
_FLOOR = 0.04  # of the height: below lies the foot
#: Type 3 fonts hold outlines only; a TrueType subset would bring its own time stamp.
_RC = {"pdf.fonttype": 3, "font.family": FONT, "axes.unicode_minus": False}


def report_pdf(analysis: Analysis, clock: datetime | None = None) -> bytes:
    """Draw the report.

    Parameters
    ----------
    analysis : Analysis
    clock : datetime, optional
        Aware; printed at the foot and written as the document's creation date. None: no moment at all.

    Returns
    -------
    bytes
        A PDF of one A4 page; the same for the same arguments.
    """
    buffer = BytesIO()
    metadata = {
        "Title": "Lumbar spine analysis",
        "Creator": f"{MANUFACTURER} {VERSION}",
        "CreationDate": clock,
    }
    with rc_context(_RC), PdfPages(buffer, metadata=metadata) as document:
        document.savefig(_draw(analysis, clock))
    return buffer.getvalue()


@dataclass(slots=True)
class _Cursor:
    """Where the next line goes: fraction of the page's height, from the bottom."""

    figure: Figure
    y: float = 0.965

    def line(
        self, text: str, size: float = 7, colour: str = _INK, weight: str = "normal", x: float = _LEFT
    ) -> None:
        """Write one line and move below it."""
        self.figure.text(x, self.y, printable(text), size=size, color=colour, weight=weight, va="top")
        self.down(size * 1.42)

    def down(self, points: float) -> None:
        """Move down by `points`."""
        self.y -= points / 72 / _HEIGHT

    def rows_left(self, points: float) -> int:
        """Tell how many rows of `points` fit above the foot."""
        return max(int((self.y - _FLOOR) * _HEIGHT * 72 / points), 0)

    def heading(self, text: str) -> None:
        """Write a section's heading over a rule."""
        self.down(5)
        self.line(text, size=9.5, weight="bold")
        rule = Rectangle(
            (_LEFT, self.y), _RIGHT - _LEFT, 0.0006, color=_RULE, transform=self.figure.transFigure
        )
        self.figure.add_artist(rule)
        self.down(4)


def _draw(analysis: Analysis, clock: datetime | None) -> Figure:
    page = page_of(analysis)
    figure = Figure(figsize=(_WIDTH, _HEIGHT), facecolor="white")
    cursor = _Cursor(figure)
    _head(cursor, page)
    _risks(cursor, page.risks)
    _pictures(cursor, analysis)
    _measurements(cursor, page.tables)
    _series(cursor, page.series)
    _warnings(cursor, page.warnings)
    _foot(figure, page, clock)
    return figure


def _head(cursor: _Cursor, page: ReportPage) -> None:
    figure = cursor.figure
    figure.text(_RIGHT, cursor.y, RESEARCH_USE, size=10, weight="bold", color=_ALARM, ha="right", va="top")
    cursor.line("Lumbar spine analysis", size=17, weight="bold")
    cursor.down(1)
    for line in textwrap.wrap("    ".join(f"{name}: {value}" for name, value in page.patient), 130):
        cursor.line(line, size=7.5, colour=_GREY)
    if page.demonstration:
        cursor.down(3)
        _banner(figure, cursor.y - 0.019, 0.019)
        cursor.down(3.5)
        cursor.line(DEMONSTRATION, size=9, weight="bold", x=_LEFT + 0.012, colour="#7a4b00")
        cursor.down(2)


def _banner(figure: Figure, y: float, height: float) -> None:
    figure.add_artist(
        FancyBboxPatch(
            (_LEFT, y),
            _RIGHT - _LEFT,
            height,
            boxstyle="round,pad=0,rounding_size=0.004",
            facecolor="#fff1d6",
            edgecolor="#e0a030",
            linewidth=0.8,
            transform=figure.transFigure,
        )
    )


def _risks(cursor: _Cursor, risks: Sequence[RiskCard]) -> None:
    cursor.heading("Risk")
    if not risks:
        cursor.line("No prediction was made.")
        return
    top, width = cursor.y, (_RIGHT - _LEFT - 0.02) / 2
    lowest = top
    for index, risk in enumerate(risks[:2]):
        card = _Cursor(cursor.figure, top)
        _risk(card, risk, _LEFT + index * (width + 0.02), width)
        lowest = min(lowest, card.y)
    cursor.y = lowest


def _risk(cursor: _Cursor, risk: RiskCard, x: float, width: float) -> None:
    colour = CATEGORY_COLOURS[risk.category]
    cursor.line(risk.target, size=8, weight="bold", x=x)
    headline = risk.outcome if risk.percent is None else f"{risk.percent:.1f} %   {risk.outcome}"
    cursor.line(headline, size=15, weight="bold", colour=colour, x=x)
    if risk.percent is not None:
        _bar(cursor, x, width, risk.percent, colour)
    details = [f"Model {risk.model}", f"Inputs {risk.inputs}", *risk.reasons]
    if risk.contributions:
        named = "; ".join(f"{one.name} {one.value:+.2f}" for one in risk.contributions)
        details.append(f"Strongest contributions (log-odds): {named}")
    for detail in details:
        for line in textwrap.wrap(detail, 76, max_lines=3, placeholder=" ..."):
            cursor.line(line, size=6.4, colour=_GREY, x=x)


def _bar(cursor: _Cursor, x: float, width: float, percent: float, colour: str) -> None:
    height = 0.006
    bottom = cursor.y - height
    transform = cursor.figure.transFigure
    cursor.figure.add_artist(Rectangle((x, bottom), width, height, color="#e9edf0", transform=transform))
    cursor.figure.add_artist(
        Rectangle((x, bottom), width * percent / 100, height, color=colour, transform=transform)
    )
    cursor.down(height * 72 * _HEIGHT + 4)


def _pictures(cursor: _Cursor, analysis: Analysis) -> None:
    shown = [one.segmentation for one in analysis.analyses.values() if one.segmentation.structures][
        :_PICTURES
    ]
    if not shown:
        return
    cursor.heading("Segmentation")
    structures = sum(len(segmentation.structures) for segmentation in shown)
    height = 0.25 if structures <= _FEW_STRUCTURES else 0.21
    width = (_RIGHT - _LEFT) / max(len(shown), 3)
    for index, segmentation in enumerate(shown):
        _picture(
            cursor, segmentation, (_LEFT + index * width, cursor.y - height, width - 0.008, height - 0.014)
        )
    cursor.y -= height + 0.002


def _picture(cursor: _Cursor, segmentation: Segmentation, place: tuple[float, float, float, float]) -> None:
    axes = cursor.figure.add_axes(place, anchor="N")
    draw_view(axes, views_of(segmentation, 1)[0], segmentation.structures, font_size=4.5)
    axes.set_title(printable(series_title(segmentation)), size=6.5, color=_INK, pad=2)


def _measurements(cursor: _Cursor, tables: Sequence[MeasurementTable]) -> None:
    """Set the tables in two columns, each into the shorter one."""
    if not tables:
        return
    cursor.heading("Measurements")
    width = (_RIGHT - _LEFT - 0.03) / 2
    cursor.down(9)  # room for headings of two lines
    columns = [_Cursor(cursor.figure, cursor.y), _Cursor(cursor.figure, cursor.y)]
    for table in sorted(tables, key=lambda one: -len(one.rows)):
        column = max(columns, key=lambda one: one.y)
        _table(column, table, _LEFT if column is columns[0] else _LEFT + width + 0.03, width)
    cursor.y = min(column.y for column in columns)
    cursor.down(-13)


def _table(cursor: _Cursor, table: MeasurementTable, x: float, width: float) -> None:
    step = width * 0.69 / max(len(table.main), 3)
    right = [x + width - step * (len(table.main) - 1 - place) for place in range(len(table.main))]
    for place, index in zip(right, table.main, strict=True):
        heading = "\n".join(textwrap.wrap(table.columns[index], 8, break_long_words=False))
        cursor.figure.text(
            place, cursor.y - 0.0085, heading, size=5.2, color=_GREY, ha="right", va="bottom", linespacing=1
        )
    cursor.figure.text(x, cursor.y - 0.0085, printable(table.role), size=6.4, weight="bold", va="bottom")
    cursor.down(9)
    for label, values in table.rows:
        for place, index in zip(right, table.main, strict=True):
            cursor.figure.text(place, cursor.y, values[index], size=6.2, color=_INK, ha="right", va="top")
        cursor.line(label, size=6.2, x=x)
    cursor.down(15)


def _series(cursor: _Cursor, rows: Sequence[SeriesRow]) -> None:
    cursor.heading("Series")
    shown = min(_SERIES_ROWS, max(cursor.rows_left(8) - 3, 1))  # leaves room for a warning
    for row in rows[:shown]:
        colour = _INK if row.used else _GREY
        for text, x, limit in (
            (row.number, _LEFT, 8),
            (row.description, _LEFT + 0.05, 34),
            (row.role, _LEFT + 0.29, 24),
            (row.reason, _LEFT + 0.43, 100),
        ):
            cursor.figure.text(
                x,
                cursor.y,
                printable(textwrap.shorten(text, limit, placeholder=" ...")),
                size=5.8,
                color=colour,
                va="top",
            )
        cursor.down(8)
    if len(rows) > shown:
        cursor.line(f"and {len(rows) - shown} more series (summary.json)", size=5.8, colour=_GREY)


def _warnings(cursor: _Cursor, texts: Sequence[str]) -> None:
    shown = min(_WARNING_ROWS, cursor.rows_left(8.3) - 4)
    if not texts or shown < 1:
        return
    cursor.heading("Warnings")
    for text in texts[:shown]:
        cursor.line(textwrap.shorten(text, 165, placeholder=" ..."), size=5.8)
    if len(texts) > shown:
        cursor.line(f"and {len(texts) - shown} more (summary.json)", size=5.8, colour=_GREY)


def _foot(figure: Figure, page: ReportPage, clock: datetime | None) -> None:
    moment = f"   {clock.isoformat(timespec='seconds')}" if clock is not None else ""
    models = textwrap.wrap(
        f"Models: {'; '.join(page.models) or 'none'}", 175, max_lines=2, placeholder=" ..."
    )
    lines = (*models, f"{MANUFACTURER} {VERSION}{moment}   {RESEARCH_USE}. {NOT_REVIEWED}")
    for index, line in enumerate(reversed(lines)):
        y = 0.020 + 0.0085 * index
        figure.text(_LEFT, y, printable(line), size=5.4, color=_GREY, va="top")
