"""Small image instances: headers that can be filed, four pixels."""

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


def image(
    study_uid: str, modality: str = "CT", number: int = 1, patient_id: str = "P1", day: str = "20260301"
) -> Dataset:
    """Make an instance."""
    dataset = Dataset()
    dataset.SOPClassUID = SOP_CLASSES[modality]
    dataset.SOPInstanceUID = f"{study_uid}.1.{number}"
    dataset.StudyInstanceUID = study_uid
    dataset.SeriesInstanceUID = f"{study_uid}.1"
    dataset.Modality = modality
    dataset.StudyDate = day
    dataset.PatientID = patient_id
    dataset.PatientName = "DOE^JANE"
    dataset.Rows = dataset.Columns = 2
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = bytes(8)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def write_image(path: Path, study_uid: str = "1.2.3", **values: Any) -> Path:
    """Write an instance to a file."""
    image(study_uid, **values).save_as(path, enforce_file_format=True)
    return path
