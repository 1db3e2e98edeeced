"""Drawing on matplotlib axes: a view with its outlines and names, and texts that any font can show."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.dicom.structures import Structure, structure_of
from pipelines.fonts import shows
from pipelines.report.views import View

INK, PAPER = "#e8e8e8", "#121417"  #: of figures on dark ground
_FILL = 0.30  # opacity of the filled structures
_SMALLEST_NAMED = 12  # pixels; a smaller piece gets no name


def printable(text: str) -> str:
    """Replace what the font cannot show (ideographs, say) by a question mark."""
    return "".join(character if shows(character) else "?" for character in text)


def draw_view(axes: Axes, view: View, structures: Mapping[int, str], font_size: float = 8) -> None:
    """Draw a picture, its structures filled and outlined, their names, and the patient's directions.

    Parameters
    ----------
    axes : matplotlib Axes
    view : View
    structures : mapping of int to str
        SegmentLabel by label value.
    font_size : float
        Points.
    """
    height, width = view.image.shape
    extent = (0.0, width * view.pixel[1], height * view.pixel[0], 0.0)  # mm
    axes.imshow(view.image, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="bilinear")
    axes.imshow(_coloured(view.labels, structures), extent=extent, interpolation="nearest")
    for value in np.unique(view.labels[view.labels > 0]):
        structure = structure_of(structures[int(value)])
        inside = view.labels == value
        draw_outline(axes, inside, view.pixel, rgb(structure))
        _name(axes, inside, view, structure, font_size)
    _directions(axes, view, font_size)
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
    axes.set_axis_off()


def draw_outline(
    axes: Axes, inside: NDArray[np.bool_], pixel: tuple[float, float], colour: tuple[float, float, float]
) -> None:
    """Draw the outline of a mask.

    Parameters
    ----------
    axes : matplotlib Axes
        In mm.
    inside : bool array of shape (rows, columns)
    pixel : tuple of float
        Height and width of a pixel, mm.
    colour : tuple of float
        Red, green, blue, 0 to 1 each.
    """
    padded = np.pad(inside, 1)
    height, width = padded.shape
    columns = (np.arange(width) - 0.5) * pixel[1]
    rows = (np.arange(height) - 0.5) * pixel[0]
    axes.contour(columns, rows, padded, levels=[0.5], colors=[colour], linewidths=0.9)


def rgb(structure: Structure) -> tuple[float, float, float]:
    """Give a structure's colour in matplotlib's range."""
    red, green, blue = structure.rgb
    return red / 255, green / 255, blue / 255


def _coloured(labels: NDArray[np.uint8], structures: Mapping[int, str]) -> NDArray[np.float64]:
    table = np.zeros((256, 4))
    for value, label in structures.items():
        table[value] = (*rgb(structure_of(label)), _FILL)
    return table[labels]  # (rows, columns, RGBA)


def _name(axes: Axes, inside: NDArray[np.bool_], view: View, structure: Structure, font_size: float) -> None:
    pieces, count = ndimage.label(inside)
    sizes = np.bincount(pieces.ravel())[1:]
    if not count or sizes.max() < _SMALLEST_NAMED:
        return
    row, column = ndimage.center_of_mass(pieces == int(sizes.argmax()) + 1)
    axes.text(
        (column + 0.5) * view.pixel[1],
        (row + 0.5) * view.pixel[0],
        structure.short,
        color="white",
        fontsize=font_size,
        fontweight="bold",
        ha="center",
        va="center",
        path_effects=_halo(),
    )


def _directions(axes: Axes, view: View, font_size: float) -> None:
    places: tuple[tuple[float, float, str, str], ...] = (
        (0.015, 0.5, "left", "center"),
        (0.985, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, horizontal, vertical) in zip(view.edges, places, strict=True):
        axes.text(
            x,
            y,
            letter,
            transform=axes.transAxes,
            color="#ffd54a",
            fontsize=font_size,
            ha=horizontal,
            va=vertical,
            path_effects=_halo(),
        )


def _halo() -> list[Any]:
    return [withStroke(linewidth=2.2, foreground="black")]
