import numpy as np
from phantoms.results import CLOCK, MR_STUDY
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage, SecondaryCaptureImageStorage

from pipelines.report import report_pdf, series_picture
from pipelines.types import Analysis, ResultFile, Role


def _read(results: tuple[ResultFile, ...], name: str) -> Dataset:
    return dcmread(next(result.path for result in results if result.path.name == name))


def test_the_pdf_is_the_report_s_own(phantom_case: Analysis, phantom_results: tuple[ResultFile, ...]) -> None:
    document = _read(phantom_results, "report.dcm")
    content = bytes(document.EncapsulatedDocument)[: document.EncapsulatedDocumentLength]
    assert content == report_pdf(phantom_case, CLOCK)
    assert document.SOPClassUID == EncapsulatedPDFStorage
    assert document.StudyInstanceUID == MR_STUDY
    assert document.SeriesNumber == 5960
    assert document.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert str(document.PatientName) == "Müller^Eva"


def test_the_pdf_names_what_it_rests_on(phantom_results: tuple[ResultFile, ...]) -> None:
    document = _read(phantom_results, "report.dcm")
    referred = {item.ReferencedSOPInstanceUID for item in document.SourceInstanceSequence}
    objects = {one.sop_instance_uid for one in phantom_results if one.kind.endswith(("seg", "sr"))}
    assert objects <= referred


def test_the_overlay_is_the_picture(phantom_case: Analysis, phantom_results: tuple[ResultFile, ...]) -> None:
    capture = _read(phantom_results, "overlay_ct.dcm")
    assert np.array_equal(capture.pixel_array, series_picture(phantom_case.analyses[Role.CT].segmentation))
    assert capture.SOPClassUID == SecondaryCaptureImageStorage
    assert capture.PhotometricInterpretation == "RGB"
    assert capture.BurnedInAnnotation == "YES"
    assert capture.SeriesNumber == 3970
    assert len(capture.SourceImageSequence) == 6
