"""Pictures of every analysed series side by side, with outlines, names and a legend."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from pipelines.dicom.product import RESEARCH_USE
from pipelines.dicom.seg import series_number
from pipelines.dicom.structures import reading_order, structure_of
from pipelines.report.draw import INK, PAPER, draw_view, printable, rgb
from pipelines.report.views import View, views_of
from pipelines.segmentation.labels import UNDETERMINED
from pipelines.types import Analysis, Role, Segmentation

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
_WIDTH_INCHES, _VIEW_INCHES, _GAP_INCHES = 14.0, 3.7, 0.1
_HEAD_INCHES, _TITLE_INCHES, _LOWEST_INCHES, _HIGHEST_INCHES = 0.5, 0.4, 1.7, 5.2
_DPI = 110


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
    rows = [views_of(segmentation, _VIEWS) for segmentation in segmentations]
    heights = [_row_inches(views) for views in rows] or [_TITLE_INCHES]
    height = _HEAD_INCHES + sum(heights)
    figure = Figure(figsize=(_WIDTH_INCHES, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    middle = 1 - 0.5 * _HEAD_INCHES / height
    figure.text(0.012, middle, "lumbar-node", color=INK, size=15, weight="bold", va="center")
    figure.text(0.988, middle, RESEARCH_USE, color="#ff6b57", size=12, weight="bold", ha="right", va="center")
    if not segmentations:
        figure.text(0.012, 0.3, "No series could be segmented", color=INK, size=12, va="center")
    top = height - _HEAD_INCHES
    for segmentation, views, inches in zip(segmentations, rows, heights, strict=False):
        top -= inches
        _series_row(figure, segmentation, views, (top / height, (inches - _TITLE_INCHES) / height))
    return figure


def _row_inches(views: Iterable[View]) -> float:
    """Give the height of a row whose views fill their columns, within limits."""
    ratios: list[float] = [
        view.image.shape[0] * view.pixel[0] / (view.image.shape[1] * view.pixel[1]) for view in views
    ]
    wanted: float = max(ratios) * _VIEW_INCHES
    return min(max(wanted, _LOWEST_INCHES), _HIGHEST_INCHES) + _TITLE_INCHES


def _series_row(
    figure: Figure, segmentation: Segmentation, views: tuple[View, ...], place: tuple[float, float]
) -> None:
    """Draw a series into the row whose bottom and height are `place`, in fractions of the figure."""
    bottom, height = place
    step, width = (_VIEW_INCHES + _GAP_INCHES) / _WIDTH_INCHES, _VIEW_INCHES / _WIDTH_INCHES
    left = _GAP_INCHES / _WIDTH_INCHES
    for column, view in enumerate(views):
        axes = figure.add_axes((left + column * step, bottom, width, height))
        draw_view(axes, view, segmentation.structures)
        title = view.title if column else f"{series_title(segmentation)} - {view.title}"
        axes.set_title(
            printable(title), color=INK, fontsize=9.5, pad=4, weight="normal" if column else "bold"
        )
    _legend(figure.add_axes((left + _VIEWS * step, bottom, 1 - left - _VIEWS * step, height)), segmentation)


def series_title(segmentation: Segmentation) -> str:
    """Name a series by its number and its role."""
    volume = segmentation.volume
    number = series_number(volume.series.headers[0])
    return f"Series {number if number is not None else '-'}: {ROLE_TEXTS[volume.role]}"


def _legend(axes: Axes, segmentation: Segmentation) -> None:
    axes.set_axis_off()
    model = segmentation.model
    legend = axes.legend(
        handles=list(_handles(reading_order(segmentation.structures.values()), _volumes(segmentation))),
        loc="upper left",
        bbox_to_anchor=(0, 1),
        fontsize=8.5,
        frameon=False,
        labelcolor=INK,
        title=f"{printable(model.name)} {printable(model.version)}\nsha256 {model.digest[:12]}",
        title_fontsize=7.5,
        alignment="left",
        borderaxespad=0,
        handlelength=1.4,
    )
    legend.get_title().set_color("#9aa4ad")


def _handles(labels: Iterable[str], volumes: Mapping[str, float]) -> Iterable[Patch]:
    for label in labels:
        short = label.replace(f"({UNDETERMINED})", "(level ?)")
        yield Patch(color=rgb(structure_of(label)), label=f"{short}  {volumes[label]:.1f} cm³")


def _volumes(segmentation: Segmentation) -> dict[str, float]:
    counts = np.bincount(segmentation.labels.ravel(), minlength=256)
    cm3 = segmentation.volume.voxel_volume / 1000
    return {label: float(counts[value]) * cm3 for value, label in segmentation.structures.items()}
