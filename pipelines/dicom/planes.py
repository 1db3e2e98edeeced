"""The source images of a segmentation, one per real slice, in the order of the volume.

Interpolated slices have no source and so no frame. Each frame keeps the position of its own source slice, so
a gantry-tilted stack needs no resampling: it is a list of parallel planes (PS3.3 C.7.6.16.2.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from pipelines.dicom.attributes import Source, number
from pipelines.dicom.functional import enhanced_values
from pipelines.dicom.sanitize import repaired
from pipelines.errors import GeometryError
from pipelines.types import Volume

_DS_DIGITS = 10  # DS holds 16 characters; ten digits are finer than any scanner's


@dataclass(frozen=True, eq=False)
class FrameReference:
    """One frame of a multi-frame source."""

    instance: Dataset
    number: int  #: from 1


@dataclass(frozen=True, eq=False)
class SourcePlanes:
    """Headers that highdicom derives frames from.

    Attributes
    ----------
    images : list of Dataset
        One per real slice; or, for enhanced sources, a single multi-frame header made of the real slices.
    slices : list of int
        Index in the volume of each real slice, in the same order.
    references : list of FrameReference or None
        What each frame of the made-up multi-frame header really is; None for classic sources.
    """

    images: list[Dataset]
    slices: list[int]
    references: list[FrameReference] | None

    @property
    def header(self) -> Dataset:
        """The repaired header with patient, study and equipment."""
        return self.images[0]


def source_planes(volume: Volume) -> SourcePlanes:
    """Collect the source headers of a volume's real slices.

    Raises
    ------
    GeometryError
        NO_SOURCE_SLICE, if every slice was interpolated; GRID_MISMATCH, if the volume's rows and columns are
        not those of the source.
    """
    slices = [index for index, source in enumerate(volume.sources) if source is not None]
    sources = [source for source in volume.sources if source is not None]
    if not slices:
        raise GeometryError("NO_SOURCE_SLICE", f"series {volume.series.series_uid} has no slice of its own")
    headers = volume.series.headers
    _require_same_grid(volume, headers[0])
    if not _is_enhanced(headers[0]):
        return SourcePlanes(_single_frames(volume, [headers[source] for source in sources]), slices, None)
    if len(headers) == 1:
        references = [FrameReference(headers[0], source + 1) for source in sources]
    else:
        references = [FrameReference(headers[source], 1) for source in sources]
    return SourcePlanes([_multiframe(volume, references)], slices, references)


def evidence(volume: Volume) -> list[Dataset]:
    """List the instances that a volume was made of: UIDs, and for the first one its whole repaired header."""
    headers: Sequence[Dataset] = volume.series.headers
    if not (_is_enhanced(headers[0]) and len(headers) == 1):
        headers = [headers[source] for source in volume.sources if source is not None]
    return [repaired(headers[0]), *(reference_to(header) for header in headers[1:])]


def reference_to(header: Dataset) -> Dataset:
    """Copy the UIDs by which an instance is referred to."""
    reference = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"):
        setattr(reference, keyword, header[keyword].value)
    return reference


def slice_distance(volume: Volume) -> float:
    """Distance in mm between neighbouring planes along their normal; gantry tilt does not lengthen it."""
    area = float(np.linalg.norm(np.cross(volume.affine[:3, 1], volume.affine[:3, 2])))
    return volume.voxel_volume / area


def _is_enhanced(header: Dataset) -> bool:
    return "PerFrameFunctionalGroupsSequence" in header


def _require_same_grid(volume: Volume, header: Dataset) -> None:
    grid, source = volume.voxels.shape[1:], (int(header.Rows), int(header.Columns))
    if grid != source:
        raise GeometryError(
            "GRID_MISMATCH",
            f"series {volume.series.series_uid}: the volume has {grid} rows and columns, its images {source};"
            " segment on the source grid",
        )


def _single_frames(volume: Volume, headers: list[Dataset]) -> list[Dataset]:
    first = repaired(headers[0])
    planes = [first, *(reference_to(header) for header in headers[1:])]
    for plane, header in zip(planes, headers, strict=True):
        plane.Rows, plane.Columns = first.Rows, first.Columns
        plane.FrameOfReferenceUID = first.FrameOfReferenceUID
        plane.PixelSpacing = first.PixelSpacing
        # one orientation for all: some scanners write it with other last digits from slice to slice
        plane.ImageOrientationPatient = first.ImageOrientationPatient
        plane.ImagePositionPatient = header.ImagePositionPatient
        plane.SliceThickness = _thickness(header, volume)
        plane.SpacingBetweenSlices = _ds(slice_distance(volume))
    return planes


def _multiframe(volume: Volume, references: list[FrameReference]) -> Dataset:
    """Make a multi-frame header whose frames are exactly the real slices."""
    frames = _frame_values(references)
    image = repaired(references[0].instance)
    image.SharedFunctionalGroupsSequence = [_shared_groups(volume, frames[0])]
    image.PerFrameFunctionalGroupsSequence = [
        _group("PlanePositionSequence", ImagePositionPatient=frame.get("ImagePositionPatient"))
        for frame in frames
    ]
    image.NumberOfFrames = len(frames)
    return image


def _frame_values(references: list[FrameReference]) -> list[Source]:
    """Look up the attributes of each frame, reading every instance once."""
    instances = {id(reference.instance): reference.instance for reference in references}
    values = {key: list(enhanced_values(instance)) for key, instance in instances.items()}
    return [values[id(reference.instance)][reference.number - 1] for reference in references]


def _shared_groups(volume: Volume, frame: Source) -> Dataset:
    orientation, spacing = frame.get("ImageOrientationPatient"), frame.get("PixelSpacing")
    shared = _group("PlaneOrientationSequence", ImageOrientationPatient=orientation)
    shared.update(
        _group(
            "PixelMeasuresSequence",
            PixelSpacing=spacing,
            SliceThickness=_thickness(frame, volume),
            SpacingBetweenSlices=_ds(slice_distance(volume)),
        )
    )
    return shared


def _group(sequence: str, **attributes: object) -> Dataset:
    item, group = Dataset(), Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    setattr(group, sequence, [item])
    return group


def _thickness(source: Source, volume: Volume) -> str:
    return _ds(number(source, "SliceThickness") or slice_distance(volume))


def _ds(value: float) -> str:
    return f"{value:.{_DS_DIGITS}g}"
