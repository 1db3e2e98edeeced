"""The report as an encapsulated PDF (PS3.3 A.45.1), for systems that show no SR."""

from collections.abc import Sequence
from datetime import datetime

import highdicom as hd
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from pipelines.dicom.codes import TITLES
from pipelines.dicom.objects import finish, identify, new_object, reference_item
from pipelines.dicom.sr import TitleMode


def build_pdf(
    content: bytes, derived_from: Sequence[Dataset], header: Dataset, title_mode: TitleMode, clock: datetime
) -> Dataset:
    """Wrap the report's PDF.

    Parameters
    ----------
    content : bytes
        The PDF.
    derived_from : sequence of Dataset
        The risk SR first, then everything else that the report rests on.
    header : Dataset
        Repaired header of an image of the study that the report belongs to.
    title_mode : {"readable", "strict"}
    clock : datetime
        Aware.
    """
    risk = derived_from[0]
    number = (int(risk.SeriesNumber) - 940) // 1000
    identity = identify("pdf", number, "lumbar-node report (RESEARCH)", risk.SOPInstanceUID)
    dataset = new_object(identity, header, EncapsulatedPDFStorage, "DOC")
    _describe(dataset, derived_from, title_mode)
    _encapsulate(dataset, content)
    finish(dataset, header, clock)
    return dataset


def _describe(dataset: Dataset, derived_from: Sequence[Dataset], title_mode: TitleMode) -> None:
    dataset.ConversionType = "SYN"
    dataset.BurnedInAnnotation = "YES"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.AcquisitionDateTime = ""
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.DocumentTitle = "Lumbar spine analysis - RESEARCH USE ONLY"
    dataset.ConceptNameCodeSequence = [hd.sr.CodedConcept.from_code(TITLES[title_mode])]
    dataset.SourceInstanceSequence = [reference_item(item) for item in derived_from]


def _encapsulate(dataset: Dataset, content: bytes) -> None:
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(content)
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
