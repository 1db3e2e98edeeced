"""Reading result objects back without the code that wrote them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.types import Segmentation

Points = dict[str, set[tuple[float, ...]]]


def voxels_of_seg(seg: Dataset) -> Points:
    """Patient coordinates (LPS mm, rounded to 0.001) of every set voxel of a SEG, by SegmentLabel."""
    labels = {int(s.SegmentNumber): str(s.SegmentLabel) for s in seg.SegmentSequence}
    shared = seg.SharedFunctionalGroupsSequence[0]
    across, down = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    points: Points = {label: set() for label in labels.values()}
    for item, pixels in zip(seg.PerFrameFunctionalGroupsSequence, _frames(seg), strict=True):
        number = _segment_number(item, shared)
        origin = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float)
        rows, columns = np.nonzero(pixels)
        place = origin + np.outer(columns * between_columns, across) + np.outer(rows * between_rows, down)
        points[labels[number]] |= _rounded(place)
    return points


def voxels_of_labels(segmentation: Segmentation, without: tuple[int, ...] = ()) -> Points:
    """The same of the labels a SEG was made from, leaving out interpolated slices."""
    points: Points = {}
    for value, label in segmentation.structures.items():
        index = np.argwhere(segmentation.labels == value)
        index = index[~np.isin(index[:, 0], without)]
        homogeneous = np.column_stack([index, np.ones(len(index))])
        points[label] = _rounded((segmentation.volume.affine @ homogeneous.T)[:3].T)
    return points


def content_lines(item: Dataset, depth: int = 0) -> Iterator[str]:
    """An SR's content tree, one line per item."""
    relation = item.get("RelationshipType", "")
    yield f"{'  ' * depth}{relation:16}{item.ValueType:10}{_concept(item)} = {_value(item)}".rstrip(" =")
    for child in item.get("ContentSequence", ()):
        yield from content_lines(child, depth + 1)


def items(dataset: Dataset, value_type: str) -> list[Dataset]:
    """Every content item of a value type, in order."""
    found = []
    for child in dataset.get("ContentSequence", ()):
        if child.ValueType == value_type:
            found.append(child)
        found.extend(items(child, value_type))
    return found


def coded(dataset: Dataset) -> list[tuple[str, str]]:
    """(name, value) of every CODE item, by their meanings."""
    return [
        (str(one.ConceptNameCodeSequence[0].CodeMeaning), str(one.ConceptCodeSequence[0].CodeMeaning))
        for one in items(dataset, "CODE")
    ]


def numbers(dataset: Dataset) -> dict[str, tuple[float, str]]:
    """Value and unit of every NUM item, by the name's meaning."""
    return {
        str(one.ConceptNameCodeSequence[0].CodeMeaning): (
            float(one.MeasuredValueSequence[0].NumericValue),
            str(one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue),
        )
        for one in items(dataset, "NUM")
    }


def texts(dataset: Dataset) -> list[str]:
    """Value of every TEXT item."""
    return [str(one.TextValue) for one in items(dataset, "TEXT")]


def _frames(seg: Dataset) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")
    shape = (int(seg.NumberOfFrames), int(seg.Rows), int(seg.Columns))
    return bits[: int(np.prod(shape))].reshape(shape)


def _segment_number(item: Dataset, shared: Dataset) -> int:
    owner = item if "SegmentIdentificationSequence" in item else shared
    return int(owner.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _rounded(place: NDArray[np.float64]) -> set[tuple[float, ...]]:
    return {tuple(row) for row in (np.round(place, 3) + 0.0).tolist()}


def _concept(item: Dataset) -> str:
    if "ConceptNameCodeSequence" not in item:
        return "-"
    return _code(item.ConceptNameCodeSequence[0])


def _code(code: Dataset) -> str:
    return f'({code.CodeValue},{code.CodingSchemeDesignator},"{code.CodeMeaning}")'


def _value(item: Dataset) -> str:
    readers: dict[str, Any] = {
        "CODE": lambda: _code(item.ConceptCodeSequence[0]),
        "TEXT": lambda: f'"{item.TextValue}"',
        "UIDREF": lambda: item.UID,
        "NUM": lambda: (
            f"{item.MeasuredValueSequence[0].NumericValue}"
            f" {item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue}"
        ),
        "IMAGE": lambda: (
            f"{item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID}"
            f" segment {item.ReferencedSOPSequence[0].get('ReferencedSegmentNumber')}"
        ),
        "CONTAINER": lambda: item.ContinuityOfContent,
    }
    return str(readers[item.ValueType]())
