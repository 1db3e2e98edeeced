"""Everything that selection looks at in one series, computed once from its headers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydicom.dataset import Dataset

from pipelines.dicom.attributes import integer, text
from pipelines.dicom.frames import Frame, Plane, frames_of, located, main_part
from pipelines.dicom.stacks import Located, in_order, parallel_blocks, places
from pipelines.selection.acquisition import Acquisition, acquisition_of
from pipelines.types import SourceSeries

View = Literal["sagittal", "coronal", "axial", "oblique"]
VIEWS: tuple[View, View, View] = ("sagittal", "coronal", "axial")  # by the axis of the normal: L, P, S
NEAREST = float(np.cos(np.radians(45)))
DOMINANT = 0.8  #: share of the images that must lie in one view; the rest is taken for a scout in the series


@dataclass(frozen=True, eq=False)
class Traits:
    """A series as selection sees it.

    Attributes
    ----------
    header : Dataset
        The first one of the part that would be analysed.
    common, occurring : frozenset of str
        Values of Image Type from the third on: in every frame, in any frame.
    view : str or None
        View of the images; None if no view holds most of them or no image has a place in space.
    slices : int
        Different positions in the largest block of parallel slices.
    spacing : float
        mm between neighbouring slices of that block.
    height, width, depth : float
        Extent in mm of that block along the patient's long axis, along the longer side of the image, and
        across the slices.
    pixel : float
        Pixel spacing in mm, the coarser one.
    one_block : bool
        Whether all images are parallel.
    """

    series: SourceSeries
    header: Dataset
    acquisition: Acquisition
    common: frozenset[str]
    occurring: frozenset[str]
    echo_times: frozenset[float]
    b_values: frozenset[float]
    located: bool
    view: View | None
    slices: int
    spacing: float
    height: float
    width: float
    depth: float
    pixel: float
    one_block: bool

    @property
    def derived(self) -> bool:
        """Whether the pixels were computed from other images (Image Type value 1)."""
        return text(self.header, "ImageType").upper() == "DERIVED"

    @property
    def name(self) -> str:
        """Number and description, for people."""
        series_number = integer(self.header, "SeriesNumber")
        shown = "?" if series_number is None else str(series_number)
        return f"series {shown} ({text(self.header, 'SeriesDescription') or 'no description'})"


def traits_of(series: SourceSeries) -> Traits:
    """Look at a series' headers."""
    part, _ = main_part(series)
    frames = frames_of(part)
    placed = located(frames)
    block = in_order(parallel_blocks(placed)[0]) if placed else []
    header = part.headers[block[0][0].instance if block else 0]
    types = [frozenset(value.upper() for value in frame.tags.image_type[2:]) for frame in frames]
    spacing, depth = _across(block)
    return Traits(
        series=series,
        header=header,
        acquisition=acquisition_of(header),
        common=frozenset.intersection(*types) if types else frozenset(),
        occurring=frozenset().union(*types),
        echo_times=frozenset(frame.tags.echo_time for frame in frames if frame.tags.echo_time),
        b_values=_b_values(frames),
        located=bool(placed),
        view=_view_of_all(placed),
        slices=len(places(block)) if block else 0,
        spacing=spacing,
        height=_height(block),
        width=_width(block[0][1]) if block else 0.0,
        depth=depth,
        pixel=max(block[0][1].pixel_spacing) if block else 0.0,
        one_block=len(block) == len(placed),
    )


def view_of(plane: Plane) -> View:
    """Name the view whose normal is within 45 degrees of the plane's."""
    normal = np.abs(plane.normal)
    axis = int(np.argmax(normal))
    return VIEWS[axis] if normal[axis] >= NEAREST else "oblique"


def _view_of_all(placed: Sequence[Located]) -> View | None:
    if not placed:
        return None
    view, count = Counter(view_of(plane) for _, plane in placed).most_common(1)[0]
    return view if count >= DOMINANT * len(placed) else None


def _b_values(frames: Sequence[Frame]) -> frozenset[float]:
    return frozenset(frame.tags.b_value for frame in frames if frame.tags.b_value)


def _across(block: Sequence[Located]) -> tuple[float, float]:
    """Median distance between neighbouring positions, and from the first to the last."""
    if not block:
        return 0.0, 0.0
    normal = block[0][1].normal
    along = np.array([np.dot(place[0][1].position, normal) for place in places(block)])
    return (float(np.median(np.diff(along))), float(np.ptp(along))) if len(along) > 1 else (0.0, 0.0)


def _height(block: Sequence[Located]) -> float:
    """Extent of the block's first and last slice along the patient's long axis."""
    if not block:
        return 0.0
    corners = [corner for _, plane in (block[0], block[-1]) for corner in _corners(plane)]
    return float(max(corners) - min(corners))


def _corners(plane: Plane) -> list[float]:
    down = plane.row_direction * plane.pixel_spacing[0] * plane.rows
    right = plane.column_direction * plane.pixel_spacing[1] * plane.columns
    return [float((np.array(plane.position) + a * down + b * right)[2]) for a in (0, 1) for b in (0, 1)]


def _width(plane: Plane) -> float:
    return max(plane.rows * plane.pixel_spacing[0], plane.columns * plane.pixel_spacing[1])
