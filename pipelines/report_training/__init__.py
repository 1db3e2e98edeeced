"""The report of a training: what was asked, the answer, and everything that limits it, as HTML and PDF.

Reads the training output's files only; loads no network.
"""

from pathlib import Path

from pipelines.report_training.document import document_of
from pipelines.report_training.html import document_html
from pipelines.report_training.pdf import document_pdf
from pipelines.report_training.study import read_study

__all__ = ["write_report"]


def write_report(directory: Path) -> tuple[Path, Path]:
    """Write report.html and report.pdf beside metrics.json; the same files give the same bytes.

    Parameters
    ----------
    directory : Path
        Output of `lumbar-node train`. Without its folder study/ the report has no figure that needs patients'
        rows, and says so.

    Returns
    -------
    html, pdf : Path

    Raises
    ------
    InputError
        REPORT_INPUT: the folder is none of a training, or one of its files is damaged; names the file.
    """
    document = document_of(read_study(directory))
    html, pdf = directory / "report.html", directory / "report.pdf"
    html.write_text(document_html(document), encoding="utf-8")
    pdf.write_bytes(document_pdf(document))
    return html, pdf
