"""A NIfTI volume as a DICOM series, so that it goes the way of every scan."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from models.manifest import sha256
from pipelines.dicom.product import IMPLEMENTATION_CLASS_UID
from pipelines.dicom.uids import derived_uid
from pipelines.evaluation.manifest import RowError
from pipelines.types import SAGITTAL_ROLES, Role

LOWEST_HU, HIGHEST_HU = -1024, 31743
MR_BITS = 65535


def write_series(path: Path, role: Role, folder: Path) -> tuple[Path, ...]:
    """Write a NIfTI file as single-frame CT or MR images (PS3.3 A.3, A.4).

    Axes are permuted and flipped, never resampled: sagittal slices for a sagittal role, else axial ones.

    Parameters
    ----------
    path : Path
        A volume. CT: Hounsfield units, kept. MR: any unit, spread over 16 bits.
    role : Role
    folder : Path
        Gets one file per slice.

    Returns
    -------
    tuple of Path
        In slice order.

    Raises
    ------
    RowError
        NOT_READABLE, SHAPE.
    """
    # columns, rows, slices run towards: posterior, feet, right; or left, posterior, head
    image = SimpleITK.DICOMOrient(read_volume(path), "PIR" if role in SAGITTAL_ROLES else "LPS")
    paths = []
    for index, dataset in enumerate(_instances(image, role, sha256(path))):
        paths.append(folder / f"{index + 1:04d}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return tuple(paths)


def read_volume(path: Path) -> SimpleITK.Image:
    """Read a volume; its geometry is in LPS mm.

    Raises
    ------
    RowError
        NOT_READABLE, if it is no image of a known format; SHAPE, if it is not three-dimensional.
    """
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise RowError("NOT_READABLE", f"{path}: no NIfTI file that can be read: {reason}") from None
    size = image.GetSize()
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise RowError("SHAPE", f"{path}: has the shape {size}; a volume of three axes is needed")
    return image


def _instances(image: SimpleITK.Image, role: Role, digest: str) -> Iterator[Dataset]:
    values = SimpleITK.GetArrayViewFromImage(image)  # (slices, rows, columns)
    stored = _hounsfield(values) if role is Role.CT else _signal(values)
    for index, plane in enumerate(stored):
        ds = Dataset()
        _identify(ds, role, digest, index)
        _place(ds, image, index)
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = plane.shape
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
        if role is Role.CT:
            ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = str(LOWEST_HU), "1", "HU"
        ds.PixelData = plane.astype("<u2").tobytes()
        yield ds


def _hounsfield(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    shifted = np.rint(values).clip(LOWEST_HU, HIGHEST_HU) - LOWEST_HU
    result: NDArray[np.uint16] = shifted.astype(np.uint16)
    return result


def _signal(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    low, high = float(values.min()), float(values.max())
    scaled = np.rint((values - low) * (MR_BITS / max(high - low, 1e-6)))
    result: NDArray[np.uint16] = scaled.astype(np.uint16)
    return result


def _identify(ds: Dataset, role: Role, digest: str, index: int) -> None:
    modality = "CT" if role is Role.CT else "MR"
    ds.SOPClassUID = CTImageStorage if role is Role.CT else MRImageStorage
    ds.SOPInstanceUID = derived_uid("evaluation", digest, role, "instance", index)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        setattr(ds, keyword, derived_uid("evaluation", digest, role, keyword))
    ds.Modality, ds.PatientID, ds.PatientName = modality, digest[:16], "Evaluation"
    ds.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if role is Role.CT else "OTHER"]
    ds.SeriesNumber, ds.InstanceNumber = 1, index + 1


def _place(ds: Dataset, image: SimpleITK.Image, index: int) -> None:
    """Image Plane (PS3.3 C.7.6.2)."""
    columns, rows, slices = image.GetSpacing()
    directions = np.array(image.GetDirection()).reshape(3, 3)
    ds.ImagePositionPatient = [f"{x:.9g}" for x in image.TransformIndexToPhysicalPoint((0, 0, index))]
    ds.ImageOrientationPatient = [f"{x + 0.0:.9g}" for x in (*directions[:, 0], *directions[:, 1])]
    ds.PixelSpacing = [f"{rows:.9g}", f"{columns:.9g}"]
    ds.SliceThickness = ds.SpacingBetweenSlices = f"{slices:.9g}"
