"""What people look at: an overlay picture, and a one-page report as HTML and PDF."""

from datetime import datetime
from pathlib import Path

from pipelines.report.html import report_html
from pipelines.report.panel import overlay_png, series_picture
from pipelines.report.pdf import report_pdf
from pipelines.types import Analysis

__all__ = ["overlay_png", "report_html", "report_page", "report_pdf", "series_picture"]


def report_page(analysis: Analysis, path_html: Path, path_pdf: Path, clock: datetime | None = None) -> None:
    """Write the one-page report in both forms.

    Parameters
    ----------
    analysis : Analysis
    path_html, path_pdf : Path
    clock : datetime, optional
        The job's clock, printed at the foot; without it the report names no moment.
    """
    for path in (path_html, path_pdf):
        path.parent.mkdir(parents=True, exist_ok=True)
    path_html.write_text(report_html(analysis, clock), encoding="utf-8")
    path_pdf.write_bytes(report_pdf(analysis, clock))
