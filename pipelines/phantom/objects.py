"""CT and MR Image objects (PS3.3 A.3, A.4) of a generated patient."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from pipelines.dicom.product import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from pipelines.dicom.uids import derived_uid
from pipelines.phantom.person import Person
from pipelines.phantom.protocol import Protocol

NOTICE = "GENERATED ANATOMY, NOT A PATIENT"
STUDY_DATES = {"CT": "20260112", "MR": "20260114"}
STUDY_TIMES = {"CT": "101500", "MR": "143000"}


@dataclass(frozen=True, eq=False)
class Image:
    """A series before it is cut into instances.

    Attributes
    ----------
    stored : (slice, row, column) uint16 array
        At most 12 bits.
    affine : (4, 4) float64 array
        (slice, row, column, 1) to LPS mm.
    key : tuple
        Everything the pixels depend on; the UIDs are made from it.
    """

    stored: NDArray[np.uint16]
    affine: NDArray[np.float64]
    key: tuple[object, ...]


def instances(person: Person, protocol: Protocol, image: Image) -> Iterator[Dataset]:
    """Cut a series into its instances, in slice order."""
    for index in range(len(image.stored)):
        ds = Dataset()
        _add_sop(ds, protocol, image, index)
        _add_patient(ds, person)
        _add_study_and_series(ds, protocol, image)
        _add_equipment(ds, protocol)
        _add_plane(ds, protocol, image, index)
        _add_pixels(ds, image.stored[index])
        if protocol.modality == "CT":
            _add_ct(ds)
        else:
            _add_mr(ds, protocol)
        yield ds


def series_uid(protocol: Protocol, image: Image) -> str:
    """Series Instance UID."""
    return derived_uid("phantom", *image.key, "series", protocol.number, protocol.modality)


def _add_sop(ds: Dataset, protocol: Protocol, image: Image, index: int) -> None:
    """SOP Common (C.12.1) and the file meta information (PS3.10 7.1)."""
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = CTImageStorage if protocol.modality == "CT" else MRImageStorage
    ds.SOPInstanceUID = derived_uid(
        "phantom", *image.key, "instance", protocol.modality, protocol.number, index + 1
    )
    ds.InstanceCreationDate = STUDY_DATES[protocol.modality]
    ds.InstanceCreationTime = STUDY_TIMES[protocol.modality]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    ds.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME


def _add_patient(ds: Dataset, person: Person) -> None:
    """Patient (C.7.1.1) and Patient Study (C.7.2.2)."""
    ds.PatientName, ds.PatientID = "Phantom^Generated", person.patient_id
    ds.PatientBirthDate, ds.PatientSex = person.birth_date, person.sex
    ds.PatientAge = f"{person.age:03d}Y"
    ds.PatientSize, ds.PatientWeight = f"{person.size:.2f}", f"{person.weight:.1f}"
    ds.PatientComments = NOTICE


def _add_study_and_series(ds: Dataset, protocol: Protocol, image: Image) -> None:
    """General Study (C.7.2.1), General Series (C.7.3.1), Frame of Reference (C.7.4.1)."""
    modality = protocol.modality
    ds.StudyInstanceUID = derived_uid("phantom", *image.key, "study", modality)
    ds.FrameOfReferenceUID = derived_uid("phantom", *image.key, "frame of reference", modality)
    ds.SeriesInstanceUID = series_uid(protocol, image)
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = STUDY_DATES[modality]
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = STUDY_TIMES[modality]
    ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = f"PHANTOM{modality}", "1", ""
    ds.StudyDescription = f"{modality} LUMBAR SPINE"
    ds.Modality, ds.SeriesNumber = modality, protocol.number
    ds.SeriesDescription = ds.ProtocolName = protocol.description
    ds.BodyPartExamined, ds.PatientPosition, ds.PositionReferenceIndicator = "LSPINE", "HFS", ""


def _add_equipment(ds: Dataset, protocol: Protocol) -> None:
    """General Equipment (C.7.5.1)."""
    ds.Manufacturer, ds.ManufacturerModelName = "GENERATED", f"ANATOMY GENERATOR {protocol.modality}"
    ds.InstitutionName, ds.StationName = "NONE", f"PHANTOM{protocol.modality}"
    ds.SoftwareVersions, ds.DeviceSerialNumber = IMPLEMENTATION_VERSION_NAME, "1"


def _add_plane(ds: Dataset, protocol: Protocol, image: Image, index: int) -> None:
    """General Image (C.7.6.1) and Image Plane (C.7.6.2)."""
    down, right = image.affine[:3, 1], image.affine[:3, 2]
    position = (image.affine @ [index, 0, 0, 1])[:3]
    ds.InstanceNumber, ds.AcquisitionNumber = index + 1, 1
    ds.ImageComments = NOTICE
    ds.ImagePositionPatient = [_decimal(v) for v in position]
    ds.ImageOrientationPatient = [_decimal(v) for v in (*(right / protocol.pixel), *(down / protocol.pixel))]
    ds.PixelSpacing = [_decimal(protocol.pixel)] * 2
    ds.SliceThickness = _decimal(protocol.thickness)
    ds.SpacingBetweenSlices = _decimal(protocol.spacing)
    ds.SliceLocation = _decimal(position[0 if protocol.sagittal else 2])


def _decimal(value: float) -> str:
    """Write a DS value (at most 16 characters, PS3.5 6.2) without negative zeros."""
    return f"{round(float(value), 6) + 0.0:.6g}"


def _add_pixels(ds: Dataset, stored: NDArray[np.uint16]) -> None:
    """Image Pixel (C.7.6.3)."""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = stored.astype("<u2").tobytes()


def _add_ct(ds: Dataset) -> None:
    """CT Image (C.8.2.1)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.KVP, ds.XRayTubeCurrent, ds.ConvolutionKernel, ds.GantryDetectorTilt = "120", "180", "STANDARD", "0"
    ds.WindowCenter, ds.WindowWidth = "300", "1500"


def _add_mr(ds: Dataset, protocol: Protocol) -> None:
    """MR Image (C.8.3.1)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "NORM"]
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "SE", "SK", "", "2D"
    ds.RepetitionTime, ds.EchoTime = f"{protocol.repetition_time:g}", f"{protocol.echo_time:g}"
    ds.EchoTrainLength, ds.FlipAngle = protocol.echo_train, "150"
    ds.MagneticFieldStrength, ds.ImagingFrequency, ds.ImagedNucleus = "1.5", "63.87", "1H"
    ds.WindowCenter, ds.WindowWidth = "1000", "2000"
