"""Frames: the single images of a series, from classic and from multi-frame objects alike.

A classic instance is one frame (PS3.3 C.7.6.2); an enhanced object holds many, described by its shared and
per-frame functional groups (PS3.3 C.7.6.16).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.dicom import attributes
from pipelines.dicom.attributes import Source
from pipelines.dicom.functional import classic_values, enhanced_values
from pipelines.types import Finding, SourceSeries

ORTHONORMAL = 0.01  # largest error of the direction cosines that is still taken as rounding


class Tags(NamedTuple):
    """What tells apart frames that lie at the same place; None where it is not given.

    The order is the order in which they are tried.
    """

    stack: str | None
    echo_time: float | None  #: ms
    temporal_position: int | None
    b_value: float | None
    image_type: tuple[str, ...]
    trigger_time: float | None
    acquisition: int | None


@dataclass(frozen=True, slots=True)
class Plane:
    """Place of a frame in the patient, LPS mm (PS3.3 C.7.6.2.1.1)."""

    position: tuple[float, float, float]  #: centre of the voxel of row 0, column 0
    orientation: tuple[float, ...]  #: direction of rising column index, then of rising row index
    pixel_spacing: tuple[float, float]  #: mm between rows, between columns
    rows: int
    columns: int
    frame_of_reference: str

    @property
    def column_direction(self) -> NDArray[np.float64]:
        """Unit vector along which the column index rises (the first triple of Image Orientation)."""
        return np.array(self.orientation[:3])

    @property
    def row_direction(self) -> NDArray[np.float64]:
        """Unit vector along which the row index rises (the second triple of Image Orientation)."""
        return np.array(self.orientation[3:])

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector across the image plane."""
        across = np.cross(self.column_direction, self.row_direction)
        return np.asarray(across / np.linalg.norm(across), dtype=np.float64)

    def matches(self, other: "Plane") -> bool:
        """Whether both are parallel and of the same matrix, so that they may be slices of one volume."""
        return (
            (self.rows, self.columns, self.frame_of_reference)
            == (other.rows, other.columns, other.frame_of_reference)
            and np.allclose(self.orientation, other.orientation, rtol=0, atol=1e-3)
            and np.allclose(self.pixel_spacing, other.pixel_spacing, rtol=1e-3, atol=0)
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One image: where its pixels are, where it lies, how its stored values become physical ones."""

    instance: int  #: index in `series.headers`
    index: int  #: frame in the object, from 0
    plane: Plane | None  #: None: no usable position, orientation or spacing
    slope: float
    intercept: float
    tags: Tags


def is_multiframe(header: Dataset) -> bool:
    """Whether an object holds more than one frame."""
    return (attributes.integer(header, "NumberOfFrames") or 1) > 1


def main_part(series: SourceSeries) -> tuple[SourceSeries, tuple[Finding, ...]]:
    """Narrow a series to its single-frame instances or to its one largest multi-frame object.

    Returns
    -------
    series : SourceSeries
        The series itself where nothing was left out.
    warnings : tuple of Finding
        MIXED_OBJECTS if something was left out.
    """
    counts = [attributes.integer(header, "NumberOfFrames") or 1 for header in series.headers]
    if max(counts) == 1 or len(counts) == 1:
        return series, ()
    single = [i for i, count in enumerate(counts) if count == 1]
    best = counts.index(max(counts))
    kept = single if len(single) > counts[best] else [best]
    text = f"{len(counts) - len(kept)} object(s) of the series are not used: it mixes multi-frame objects"
    return narrowed(series, kept), (Finding("MIXED_OBJECTS", text),)


def narrowed(series: SourceSeries, kept: Sequence[int]) -> SourceSeries:
    """Return the series with only some of its instances, given by their index."""
    headers, paths = (tuple(items[i] for i in kept) for items in (series.headers, series.paths))
    return replace(series, headers=headers, paths=paths)


def frames_of(series: SourceSeries) -> tuple[Frame, ...]:
    """Describe every frame of a series, in file order."""
    return tuple(frame for i, header in enumerate(series.headers) for frame in _frames(i, header))


def located(frames: Iterable[Frame]) -> list[tuple[Frame, Plane]]:
    """Return the frames that have a place in the patient, with it."""
    return [(frame, frame.plane) for frame in frames if frame.plane is not None]


def _frames(instance: int, header: Dataset) -> Iterator[Frame]:
    enhanced = "PerFrameFunctionalGroupsSequence" in header
    for index, values in enumerate(enhanced_values(header) if enhanced else classic_values(header)):
        slope = attributes.number(values, "RescaleSlope")
        yield Frame(
            instance=instance,
            index=index,
            plane=_plane(header, values),
            slope=1.0 if slope is None else slope,
            intercept=attributes.number(values, "RescaleIntercept") or 0.0,
            tags=_tags(values),
        )


def _plane(header: Dataset, values: Source) -> Plane | None:
    position = attributes.numbers(values, "ImagePositionPatient", 3)
    orientation = attributes.numbers(values, "ImageOrientationPatient", 6)
    spacing = attributes.numbers(values, "PixelSpacing", 2)
    rows, columns = attributes.integer(header, "Rows"), attributes.integer(header, "Columns")
    if position is None or orientation is None or spacing is None or not rows or not columns:
        return None
    if not (np.isfinite([*position, *orientation, *spacing]).all() and min(spacing) > 0):
        return None
    axes = np.array(orientation).reshape(2, 3)
    if not np.allclose(axes @ axes.T, np.eye(2), rtol=0, atol=ORTHONORMAL):
        return None
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    return Plane(
        position=(position[0], position[1], position[2]),
        orientation=tuple(float(v) for v in axes.ravel()),
        pixel_spacing=(spacing[0], spacing[1]),
        rows=rows,
        columns=columns,
        frame_of_reference=attributes.text(header, "FrameOfReferenceUID"),
    )


def _tags(values: Source) -> Tags:
    return Tags(
        stack=attributes.text(values, "StackID") or None,
        echo_time=attributes.number(values, "EchoTime"),
        temporal_position=attributes.integer(values, "TemporalPositionIdentifier"),
        b_value=attributes.number(values, "DiffusionBValue"),
        image_type=attributes.texts(values, "ImageType"),
        trigger_time=attributes.number(values, "TriggerTime"),
        acquisition=attributes.integer(values, "AcquisitionNumber"),
    )
