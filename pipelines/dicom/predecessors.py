"""Which earlier report a report takes the place of (PS3.3 C.17.2, Predecessor Documents Sequence)."""

from collections.abc import Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

RISK = 940  #: of a series number, modulo 1000: the risk report's source series may change with a late series
_TAGS = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber"]


def headers_of(previous: Sequence[Path]) -> list[Dataset]:
    """Read what identifies earlier reports; a file that has gone is passed over."""
    return [dcmread(path, specific_tags=_TAGS) for path in previous if path.exists()]


def supersede(report: Dataset, previous: Sequence[Dataset]) -> None:
    """Name the predecessor of a report, if there is one.

    It is the last report that was made before of the same study and the same source series, under another
    UID: late images, new clinical variables or another model have changed what it says. A report that comes
    out the same again has its predecessor's predecessor, and so the same bytes.

    Parameters
    ----------
    report : Dataset
        Complete but for this; gets PredecessorDocumentsSequence.
    previous : sequence of Dataset
        `headers_of` the reports that were made for the study, the oldest first.
    """
    earlier = [header for header in previous if _is_of_the_same(header, report)]
    if not earlier:
        return
    last = earlier[-1]
    document = Dataset()
    document.ReferencedSOPClassUID = last.SOPClassUID
    document.ReferencedSOPInstanceUID = last.SOPInstanceUID
    series = Dataset()
    series.SeriesInstanceUID = last.SeriesInstanceUID
    series.ReferencedSOPSequence = [document]
    study = Dataset()
    study.StudyInstanceUID = last.StudyInstanceUID
    study.ReferencedSeriesSequence = [series]
    report.PredecessorDocumentsSequence = [study]


def _is_of_the_same(header: Dataset, report: Dataset) -> bool:
    return (
        header.SOPInstanceUID != report.SOPInstanceUID
        and header.StudyInstanceUID == report.StudyInstanceUID
        and _source(header) == _source(report)
    )


def _source(header: Dataset) -> int:
    number = int(header.get("SeriesNumber") or 0)
    return RISK if number % 1000 == RISK else number
