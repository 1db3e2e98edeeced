"""Series whose every pixel tells where it lies: value = x + 2 y + 3 z in LPS mm.

A volume is read right exactly if each voxel has the value of the place that the affine gives it; a flip, a
shift, a transposition or a wrong order shows at once. The function is linear, so interpolation is exact too.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

GRADIENT = np.array([1.0, 2.0, 3.0])
SLOPE = 0.1  # a stored unit; the values are exact to half of it
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Stack:
    """Parallel slices. `step` (LPS mm) defaults to `spacing` along the normal."""

    modality: str = "CT"
    slices: int = 8
    rows: int = 10
    columns: int = 12
    orientation: tuple[float, ...] = AXIAL
    origin: tuple[float, float, float] = (-31.0, -42.0, 20.0)
    spacing: float = 3.0
    step: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] = (1.25, 0.75)
    study_uid: str = field(default_factory=generate_uid)
    series_uid: str = field(default_factory=generate_uid)
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def normal(self) -> NDArray[np.float64]:
        return np.cross(self.orientation[:3], self.orientation[3:])

    @property
    def affine(self) -> NDArray[np.float64]:
        """(slice, row, column, 1) -> LPS mm; the truth that a volume is compared with."""
        affine = np.eye(4)
        affine[:3, 0] = self.spacing * self.normal if self.step is None else self.step
        affine[:3, 1] = np.array(self.orientation[3:]) * self.pixel_spacing[0]
        affine[:3, 2] = np.array(self.orientation[:3]) * self.pixel_spacing[1]
        affine[:3, 3] = self.origin
        return affine

    def instances(self) -> list[Dataset]:
        """Classic instances in the order of their position."""
        return [self._instance(index) for index in range(self.slices)]

    def _instance(self, index: int) -> Dataset:
        ds = Dataset()
        ds.SOPClassUID = CTImageStorage if self.modality == "CT" else MRImageStorage
        ds.SOPInstanceUID = generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.study_uid, self.series_uid
        ds.FrameOfReferenceUID = "1.2.3"
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = self.modality, 1, index + 1
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if self.modality == "CT" else "M"]
        ds.Rows, ds.Columns, ds.SamplesPerPixel = self.rows, self.columns, 1
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleSlope, ds.RescaleIntercept = str(SLOPE), "0"
        ds.PixelSpacing = list(self.pixel_spacing)
        ds.ImageOrientationPatient = [decimal(v) for v in self.orientation]
        ds.ImagePositionPatient = [decimal(v) for v in (self.affine @ [index, 0, 0, 1])[:3]]
        ds.PixelData = stored(ds).tobytes()
        for keyword, value in self.attributes.items():
            setattr(ds, keyword, value)
        return ds


def decimal(value: float) -> str:
    return f"{value + 0.0:.8f}"  # DS holds 16 characters


def values_at(affine: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What every voxel of a grid must hold."""
    index = np.stack([*np.indices(shape), np.ones(shape)], axis=-1)  # (slices, rows, columns, 4)
    return (index @ affine.T)[..., :3] @ GRADIENT


def stored(ds: Dataset) -> NDArray[np.int16]:
    """Stored values of an instance, from its own position, orientation and spacing."""
    right, down = (np.array(ds.ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    row, column = np.indices((ds.Rows, ds.Columns))
    places = np.array(ds.ImagePositionPatient, float) + (
        row[..., None] * down * float(ds.PixelSpacing[0])
        + column[..., None] * right * float(ds.PixelSpacing[1])
    )
    return np.rint(places @ GRADIENT / SLOPE).astype("<i2")


def save(instances: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write instances to files named by their order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, ds in enumerate(instances):
        if not hasattr(ds, "file_meta"):
            ds.file_meta = FileMetaDataset()
            ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{number:04d}"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def edited(instances: Sequence[Dataset], edit: Callable[[int, Dataset], None]) -> list[Dataset]:
    for index, ds in enumerate(instances):
        edit(index, ds)
    return list(instances)


def enhanced(instances: Sequence[Dataset]) -> Dataset:
    """One enhanced MR object with the classic instances as its frames, in their order."""
    ds = deepcopy(instances[0])
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        del ds[keyword]
    ds.SOPClassUID, ds.SOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    ds.NumberOfFrames = len(instances)
    shared = Dataset()
    shared.PixelMeasuresSequence = [_picked(instances[0], "PixelSpacing")]
    shared.PlaneOrientationSequence = [_picked(instances[0], "ImageOrientationPatient")]
    shared.PixelValueTransformationSequence = [_picked(instances[0], "RescaleSlope", "RescaleIntercept")]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [_frame(instance) for instance in instances]
    ds.PixelData = b"".join(instance.PixelData for instance in instances)
    return ds


def _frame(instance: Dataset) -> Dataset:
    group = Dataset()
    group.PlanePositionSequence = [_picked(instance, "ImagePositionPatient")]
    content = Dataset()
    content.StackID = "1"
    if "TemporalPositionIdentifier" in instance:
        content.TemporalPositionIndex = int(instance.TemporalPositionIdentifier)
    group.FrameContentSequence = [content]
    if "EchoTime" in instance:
        echo = Dataset()
        echo.EffectiveEchoTime = float(instance.EchoTime)
        group.MREchoSequence = [echo]
    return group


def _picked(instance: Dataset, *keywords: str) -> Dataset:
    item = Dataset()
    for keyword in keywords:
        setattr(item, keyword, instance[keyword].value)
    return item
