"""The demonstration's pictures, from what the node's worker has already computed (its cache)."""

from datetime import UTC, datetime
from pathlib import Path

from node.settings import Settings
from pipelines.analyse import analyse
from pipelines.phantom import PhantomPatient
from pipelines.report import overlay_png, report_page
from pipelines.types import AnalysisRequest


def draw(patient: PhantomPatient, settings: Settings, out: Path) -> tuple[Path, Path, Path]:
    """Write overlay.png, report.html and report.pdf into `out`; return their paths."""
    clock = datetime.now(UTC)
    request = AnalysisRequest(
        files=patient.files,
        out_dir=out,
        clock=clock,
        clinical=patient.clinical,
        cache_dir=settings.data_dir / "cache",
    )
    analysis = analyse(request)
    overlay, html, pdf = out / "overlay.png", out / "report.html", out / "report.pdf"
    overlay_png(analysis, overlay)
    report_page(analysis, html, pdf, clock)
    return overlay, html, pdf
