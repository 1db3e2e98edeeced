"""Pictures of every analysed series side by side, with outlines, names and a legend."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Patch
from numpy.typing import NDArray

from pipelines.dicom.product import RESEARCH_USE
from pipelines.dicom.structures import structure_of
from pipelines.report.draw import INK, PAPER, draw_view, printable, rgb
from pipelines.report.views import views_of
from pipelines.types import Analysis, Role, Segmentation
from pipelines.wording import model_text

ROLE_TEXTS: Mapping[Role, str] = {
    Role.CT: "CT",
    Role.MR_SAG_T1: "MR sagittal T1",
    Role.MR_SAG_T2: "MR sagittal T2",
    Role.MR_SAG: "MR sagittal",
    Role.MR_AXIAL_T1: "MR axial T1",
    Role.MR_AXIAL_T2: "MR axial T2",
    Role.MR_AXIAL_DIXON_WATER: "MR axial Dixon, water",
    Role.MR_AXIAL_DIXON_FAT: "MR axial Dixon, fat",
    Role.MR_AXIAL: "MR axial",
}
_VIEWS = 3
_WIDTH_INCHES, _ROW_INCHES, _HEAD_INCHES, _DPI = 14.0, 4.4, 0.55, 110


def overlay_png(analysis: Analysis, path: Path) -> None:
    """Write a picture of every analysed series with its outlines.

    Parameters
    ----------
    analysis : Analysis
        A case in which nothing was segmented gives a picture that says so.
    path : Path
        Written as PNG.
    """
    figure = _panel([one.segmentation for one in analysis.analyses.values() if one.segmentation.structures])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})


def series_picture(segmentation: Segmentation) -> NDArray[np.uint8]:
    """Draw one series.

    Parameters
    ----------
    segmentation : Segmentation
        With at least one structure.

    Returns
    -------
    uint8 array of shape (rows, columns, 3)
        RGB.
    """
    figure = _panel([segmentation])
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _panel(segmentations: list[Segmentation]) -> Figure:
    rows = max(len(segmentations), 1)
    height = _HEAD_INCHES + _ROW_INCHES * rows
    figure = Figure(figsize=(_WIDTH_INCHES, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    top = 1 - _HEAD_INCHES / height
    middle = 1 - 0.5 * _HEAD_INCHES / height
    figure.text(0.012, middle, "lumbar-node", color=INK, size=15, weight="bold", va="center")
    figure.text(0.988, middle, RESEARCH_USE, color="#ff6b57", size=12, weight="bold", ha="right", va="center")
    if not segmentations:
        figure.text(0.5, 0.5, "No series could be segmented", color=INK, size=14, ha="center", va="center")
    grid = figure.add_gridspec(
        rows, _VIEWS + 1, left=0.01, right=0.99, bottom=0.01, top=top - 0.3 / height, wspace=0.03,
        hspace=0.13, width_ratios=[*[1.0] * _VIEWS, 0.62],
    )  # fmt: skip
    for row, segmentation in enumerate(segmentations):
        _series_row(figure, grid, row, segmentation)
    return figure


def _series_row(figure: Figure, grid: GridSpec, row: int, segmentation: Segmentation) -> None:
    views = views_of(segmentation, _VIEWS)
    for column, view in enumerate(views):
        axes = figure.add_subplot(grid[row, column])
        draw_view(axes, view, segmentation.structures)
        axes.set_title(view.title, color=INK, fontsize=9, pad=3)
    if views:
        figure.axes[-len(views)].set_title(
            printable(f"{series_title(segmentation)} - {views[0].title}"),
            color=INK,
            fontsize=10,
            weight="bold",
            pad=3,
        )
    _legend(figure.add_subplot(grid[row, _VIEWS]), segmentation)


def series_title(segmentation: Segmentation) -> str:
    """Name a series by its number and its role."""
    volume = segmentation.volume
    number = volume.series.headers[0].get("SeriesNumber")
    return f"Series {number if number is not None else '-'}: {ROLE_TEXTS[volume.role]}"


def _legend(axes: Axes, segmentation: Segmentation) -> None:
    axes.set_axis_off()
    axes.legend(
        handles=list(_handles(segmentation.structures.values(), _volumes(segmentation))),
        loc="center left",
        fontsize=9,
        frameon=False,
        labelcolor=INK,
        title=printable(model_text(segmentation.model).replace(" (", "\n(")),
        title_fontproperties={"size": 8},
        borderpad=0,
    ).get_title().set_color("#9aa4ad")


def _handles(labels: Iterable[str], volumes: Mapping[str, float]) -> Iterable[Patch]:
    for label in labels:
        yield Patch(color=rgb(structure_of(label)), label=f"{label}  {volumes[label]:.1f} cm³")


def _volumes(segmentation: Segmentation) -> dict[str, float]:
    counts = np.bincount(segmentation.labels.ravel(), minlength=256)
    cm3 = segmentation.volume.voxel_volume / 1000
    return {label: float(counts[value]) * cm3 for value, label in segmentation.structures.items()}
