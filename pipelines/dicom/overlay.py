"""A picture of the outlines as Secondary Capture (PS3.3 A.8.1), for systems that show no SEG."""

from datetime import datetime

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from pipelines.dicom.codes import SOURCE_IMAGE
from pipelines.dicom.objects import Identity, finish, identify, new_object, reference_item
from pipelines.dicom.planes import evidence
from pipelines.dicom.product import RESEARCH_USE
from pipelines.dicom.seg import series_number, source_digest
from pipelines.types import Segmentation


def build_overlay(segmentation: Segmentation, picture: NDArray[np.uint8], clock: datetime) -> Dataset:
    """Make the Secondary Capture of one series.

    Parameters
    ----------
    segmentation : Segmentation
    picture : uint8 array of shape (rows, columns, 3)
        RGB.
    clock : datetime
        Aware.
    """
    images = evidence(segmentation.volume)
    dataset = new_object(_identity(segmentation), images[0], SecondaryCaptureImageStorage, "OT")
    _describe(dataset, images)
    _set_pixels(dataset, picture)
    finish(dataset, images[0], clock)
    return dataset


def _identity(segmentation: Segmentation) -> Identity:
    header, role, model = segmentation.volume.series.headers[0], segmentation.volume.role, segmentation.model
    return identify(
        "overlay",
        series_number(header),
        f"lumbar-node overlay {role} (RESEARCH)",
        source_digest(segmentation),
        role,
        model.name,
        model.version,
        model.digest,
    )


def _describe(dataset: Dataset, images: list[Dataset]) -> None:
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.ConversionType = "WSD"
    dataset.BurnedInAnnotation = "YES"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.PatientOrientation = ""
    dataset.DerivationDescription = f"Segmentation overlay, {RESEARCH_USE}"
    dataset.LossyImageCompression = images[0].LossyImageCompression
    if "BodyPartExamined" in images[0]:
        dataset.BodyPartExamined = images[0].BodyPartExamined
    dataset.SourceImageSequence = [_source(image) for image in images]


def _source(image: Dataset) -> Dataset:
    source = reference_item(image)
    source.PurposeOfReferenceCodeSequence = [hd.sr.CodedConcept.from_code(SOURCE_IMAGE)]
    return source


def _set_pixels(dataset: Dataset, picture: NDArray[np.uint8]) -> None:
    rows, columns, samples = picture.shape
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, samples
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    data = np.ascontiguousarray(picture).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
