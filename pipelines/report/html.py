"""The one-page report as a web page: one file, pictures inside, nothing fetched from anywhere."""

from base64 import b64encode
from datetime import datetime
from io import BytesIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from pipelines.dicom.product import DEMONSTRATION, MANUFACTURER, RESEARCH_USE
from pipelines.report.content import page_of
from pipelines.report.panel import series_picture, series_title
from pipelines.report.pdf import CATEGORY_COLOURS
from pipelines.types import Analysis, Segmentation
from pipelines.version import VERSION
from pipelines.wording import NOT_REVIEWED


def report_html(analysis: Analysis, clock: datetime | None = None) -> str:
    """Fill the template `pipelines/templates/report.html`.

    Parameters
    ----------
    analysis : Analysis
    clock : datetime, optional
        Printed at the foot.
    """
    environment = Environment(
        loader=PackageLoader("pipelines"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    shown = [one.segmentation for one in analysis.analyses.values() if one.segmentation.structures]
    return environment.get_template("report.html").render(
        page=page_of(analysis),
        pictures=[(series_title(segmentation), _picture(segmentation)) for segmentation in shown],
        colours=CATEGORY_COLOURS,
        research_use=RESEARCH_USE,
        demonstration=DEMONSTRATION,
        not_reviewed=NOT_REVIEWED,
        product=f"{MANUFACTURER} {VERSION}",
        moment=clock.isoformat(timespec="seconds") if clock is not None else "",
    )


def _picture(segmentation: Segmentation) -> str:
    """Give the series' picture as a data URL."""
    buffer = BytesIO()
    Image.fromarray(series_picture(segmentation)).save(buffer, format="PNG")
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
