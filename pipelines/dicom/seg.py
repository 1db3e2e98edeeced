"""The segmentation object: one BINARY SEG per source series (PS3.3 A.51).

BINARY, uncompressed: viewers show LABELMAP black or refuse it, and FRACTIONAL is not supported everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.dicom.attributes import integer
from pipelines.dicom.codes import ARTIFICIAL_INTELLIGENCE
from pipelines.dicom.objects import (
    Identity,
    finish,
    identify,
    reference_item,
    sop_arguments,
)
from pipelines.dicom.planes import FrameReference, SourcePlanes, source_planes
from pipelines.dicom.product import MANUFACTURER
from pipelines.dicom.sanitize import keeping_the_source
from pipelines.dicom.structures import ANATOMICAL_STRUCTURE, Structure, structure_of
from pipelines.dicom.uids import derived_uid, inputs_digest
from pipelines.errors import SegmentationError
from pipelines.types import ModelIdentity, Segmentation


@dataclass(frozen=True, eq=False)
class SegObject:
    """A SEG and which of its segments is which structure.

    Attributes
    ----------
    dataset : Dataset
        highdicom's Segmentation.
    numbers : mapping of str to int
        Segment number by SegmentLabel; only structures that have a frame.
    planes : SourcePlanes
    """

    dataset: Dataset
    numbers: Mapping[str, int]
    planes: SourcePlanes

    def tracking(self, label: str) -> tuple[str, str]:
        """Give the tracking UID and identifier that the SR has to repeat."""
        segment = self.dataset.SegmentSequence[self.numbers[label] - 1]
        return str(segment.TrackingUID), str(segment.TrackingID)


def build_seg(segmentation: Segmentation, clock: datetime) -> SegObject:
    """Make the SEG of one series.

    Parameters
    ----------
    segmentation : Segmentation
        With at least one structure.
    clock : datetime
        Aware; every time in the object.

    Raises
    ------
    SegmentationError
        EMPTY_STRUCTURE, if a structure has no voxel; NO_STRUCTURE, if none lies in a slice of the source.
    GeometryError
        If the labels are not on the source's grid.
    """
    planes = source_planes(segmentation.volume)
    present = _present(segmentation, planes)
    numbers = {label: number for number, (_, label) in enumerate(present, start=1)}
    dataset = _dataset(segmentation, planes, [value for value, _ in present], numbers)
    if planes.references is not None:
        _refer_to(dataset, planes.references)
    dataset.ContentCreatorName = ""
    _keep(dataset, planes.header, "BodyPartExamined")
    finish(dataset, planes.header, clock)
    return SegObject(dataset, numbers, planes)


def is_segmentable(segmentation: Segmentation) -> bool:
    """Tell whether any structure lies in a slice that is not interpolated."""
    real = [index for index, source in enumerate(segmentation.volume.sources) if source is not None]
    return bool(np.isin(segmentation.labels[real], list(segmentation.structures)).any())


def _present(segmentation: Segmentation, planes: SourcePlanes) -> list[tuple[int, str]]:
    """List (label value, SegmentLabel) of the structures that lie in a real slice, by label value."""
    _refuse_empty(segmentation)
    real = segmentation.labels[planes.slices]
    present = [
        (value, label) for value, label in sorted(segmentation.structures.items()) if (real == value).any()
    ]
    if not present:
        raise SegmentationError(
            "NO_STRUCTURE",
            f"series {segmentation.volume.series.series_uid} has no structure in a slice of its own",
        )
    return present


def _refuse_empty(segmentation: Segmentation) -> None:
    empty = [
        label for value, label in segmentation.structures.items() if not (segmentation.labels == value).any()
    ]
    if empty:
        raise SegmentationError(
            "EMPTY_STRUCTURE",
            f"series {segmentation.volume.series.series_uid}: no voxel is labelled {', '.join(empty)};"
            " leave a structure that was not found out of `structures`",
        )


def _dataset(
    segmentation: Segmentation, planes: SourcePlanes, values: list[int], numbers: Mapping[str, int]
) -> Dataset:
    identity = _identity(segmentation)
    model = segmentation.model
    with keeping_the_source():
        return hd.seg.Segmentation(
            planes.images,
            _renumbered(segmentation.labels[planes.slices], values),
            "BINARY",
            [_description(segmentation, planes.header, label, number) for label, number in numbers.items()],
            content_label="LUMBAR_SEG",
            content_description=f"{model.name} {model.version}"[:64],
            transfer_syntax_uid=ExplicitVRLittleEndian,
            **sop_arguments(identity),
        )


def _renumbered(labels: NDArray[np.uint8], values: list[int]) -> NDArray[np.uint8]:
    """Map label values to segment numbers 1, 2, 3 … and everything else to 0."""
    table = np.zeros(256, np.uint8)
    table[values] = np.arange(1, len(values) + 1)
    return table[labels]  # (slices, rows, columns)


def _identity(segmentation: Segmentation) -> Identity:
    header, role, model = segmentation.volume.series.headers[0], segmentation.volume.role, segmentation.model
    return identify(
        "seg",
        series_number(header),
        f"lumbar-node segmentation {role} (RESEARCH)",
        source_digest(segmentation),
        role,
        model.name,
        model.version,
        model.digest,
    )


def series_number(header: Dataset) -> int | None:
    """Give a header's series number, None where it has none or one that is no number."""
    return integer(header, "SeriesNumber")


def source_digest(segmentation: Segmentation) -> str:
    """Digest of the SOP Instance UIDs that a segmentation was made from."""
    volume = segmentation.volume
    return inputs_digest(str(header.SOPInstanceUID) for header in volume.series.headers)


def _description(segmentation: Segmentation, header: Dataset, label: str, number: int) -> Dataset:
    structure = structure_of(label)
    tracked = derived_uid("tracking", header.FrameOfReferenceUID, source_digest(segmentation), label)
    description = hd.seg.SegmentDescription(
        number,
        label,
        ANATOMICAL_STRUCTURE,
        structure.kind,
        "AUTOMATIC",
        _algorithm(segmentation.model),
        tracking_uid=tracked,
        tracking_id=label,
        display_color=hd.color.CIELabColor.from_rgb(*structure.rgb),
    )
    _add_side(description, structure)
    return description


def _add_side(description: Dataset, structure: Structure) -> None:
    """Write the side as modifier of the property type (PS3.3 C.8.20.2, CID 244)."""
    if structure.side is not None:
        item = description.SegmentedPropertyTypeCodeSequence[0]
        item.SegmentedPropertyTypeModifierCodeSequence = [concept(structure.side)]


def concept(code: Code) -> Dataset:
    """Make the code sequence item of a code."""
    return hd.sr.CodedConcept.from_code(code)


def _algorithm(model: ModelIdentity) -> Any:
    return hd.AlgorithmIdentificationSequence(
        name=model.name,
        family=ARTIFICIAL_INTELLIGENCE,
        version=model.version,
        source=MANUFACTURER,
        parameters={"sha256": model.digest},
    )


def _refer_to(dataset: Dataset, references: list[FrameReference]) -> None:
    """Replace references to frames of the made-up multi-frame header by those to the real source."""
    for item in dataset.PerFrameFunctionalGroupsSequence:
        for derivation in item.DerivationImageSequence:
            for source in derivation.SourceImageSequence:
                real = references[int(source.ReferencedFrameNumber) - 1]
                source.ReferencedSOPInstanceUID = real.instance.SOPInstanceUID
                source.ReferencedFrameNumber = real.number
    instances = {str(reference.instance.SOPInstanceUID): reference.instance for reference in references}
    dataset.SourceImageSequence = [reference_item(instance) for instance in instances.values()]
    dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence = [
        reference_item(instance) for instance in instances.values()
    ]


def _keep(dataset: Dataset, header: Dataset, keyword: str) -> None:
    if keyword in header:
        dataset[keyword] = header[keyword]
