"""A picture of every scan: what was found, filled, and the reference's outline in white."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.dicom.product import RESEARCH_USE
from pipelines.evaluation.reference import Reference
from pipelines.report.draw import INK, PAPER, draw_outline, draw_view, printable
from pipelines.report.views import View, views_of
from pipelines.types import Segmentation, Volume

VIEWS = 3
WIDTH_INCHES, TITLES_INCHES, HIGHEST_INCHES, DPI = 15.0, 0.7, 7.5, 90
REFERENCE_COLOUR = (1.0, 1.0, 1.0)


def write_picture(segmentation: Segmentation, reference: Reference, title: str, path: Path) -> None:
    """Draw the views that show most, with both masks.

    Parameters
    ----------
    segmentation : Segmentation
        With at least one structure.
    reference : Reference
    title : str
        What is shown, and how well it fits.
    path : Path
        Written as PNG.
    """
    truth = on_volume(reference, segmentation.volume)
    coded, pairs = _paired(segmentation.labels, truth)
    views = views_of(replace(segmentation, labels=coded), VIEWS)
    size = WIDTH_INCHES, TITLES_INCHES + _height(views)
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(printable(f"{title} - {RESEARCH_USE}"), color=INK, size=11)
    for axes, view in zip(np.atleast_1d(figure.subplots(1, len(views))), views, strict=True):
        _draw(axes, view, pairs[view.labels], segmentation.structures)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def on_volume(reference: Reference, volume: Volume) -> NDArray[np.uint8]:
    """Bring the reference's structures onto a volume's grid (nearest neighbour), sheared grids too.

    Returns
    -------
    uint8 array of the shape of the volume
        0 where there is none, else 1 + the structure's place in `reference.present`.
    """
    numbered = np.zeros(reference.values.shape, np.uint8)
    for number, label in enumerate(reference.present, start=1):
        numbered[reference.mask(label)] = number
    to_reference = np.linalg.inv(reference.affine) @ volume.affine
    placed: NDArray[np.uint8] = ndimage.affine_transform(
        numbered, to_reference[:3, :3], to_reference[:3, 3], volume.voxels.shape, order=0
    )
    return placed


def _paired(
    found: NDArray[np.uint8], truth: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make one label map of two, so that views choose, turn and crop both in one.

    Returns
    -------
    coded : uint8 array
        Number of the pair that stands there, 0 where both are 0.
    pairs : uint8 array of shape (number of pairs, 2)
        (found, truth) of each pair.
    """
    both = found.astype(np.uint16) * 256 + truth
    present = np.flatnonzero(np.bincount(both.ravel(), minlength=1))
    present = np.union1d(present, [0])[:256]
    table = np.zeros(65536, np.uint8)
    table[present] = np.arange(len(present))
    return table[both], np.stack([present // 256, present % 256], axis=1).astype(np.uint8)


def _height(views: tuple[View, ...]) -> float:
    """Give the height in inches at which the longest view fills its column."""
    ratios: list[float] = [
        view.image.shape[0] * view.pixel[0] / (view.image.shape[1] * view.pixel[1]) for view in views
    ]
    return min(max(ratios) * WIDTH_INCHES / len(views), HIGHEST_INCHES)


def _draw(axes: Axes, view: View, pairs: NDArray[np.uint8], structures: Mapping[int, str]) -> None:
    """Draw a view; `pairs` is (rows, columns, 2): found, truth."""
    draw_view(axes, replace(view, labels=pairs[..., 0]), structures)
    for number in np.unique(pairs[..., 1][pairs[..., 1] > 0]):
        draw_outline(axes, pairs[..., 1] == number, view.pixel, REFERENCE_COLOUR)
    axes.set_title(printable(view.title), color=INK, fontsize=9)
