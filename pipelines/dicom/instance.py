"""One file: its header, and whether everything that the header promises is there."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MediaStorageDirectoryStorage,
    MRImageStorage,
)

from pipelines.dicom.attributes import VALUE_ERRORS, integer, text
from pipelines.dicom.pixeldata import PIXEL_KEYWORDS, PixelElement, missing_pixels
from pipelines.errors import InputError

CT_CLASSES = frozenset(
    {str(CTImageStorage), str(EnhancedCTImageStorage), str(LegacyConvertedEnhancedCTImageStorage)}
)
MR_CLASSES = frozenset(
    {str(MRImageStorage), str(EnhancedMRImageStorage), str(LegacyConvertedEnhancedMRImageStorage)}
)
SEGMENTATION_PREFIX = "1.2.840.10008.5.1.4.1.1.66."  # Segmentation, Surface and Label Map Segmentation …

PARSE_ERRORS = (*VALUE_ERRORS, OSError, EOFError, RecursionError, zlib.error, MemoryError)
"""What a damaged data set may raise while it is parsed."""


def read_header(path: Path) -> FileDataset:
    """Read a file's data set without its pixel data, and check that the pixel data are complete.

    Parameters
    ----------
    path : Path
        A DICOM Part 10 file (PS3.10 7.1); its name does not matter.

    Returns
    -------
    FileDataset
        Everything before Pixel Data (7FE0,0010).

    Raises
    ------
    InputError
        UNREADABLE, NOT_DICOM, DAMAGED, DICOMDIR, NOT_AN_IMAGE, UNSUPPORTED_SOP, NO_SOP_UID, NO_STUDY_UID,
        NO_SERIES_UID or TRUNCATED.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError("UNREADABLE", f"{path.name}: cannot be opened ({error.strerror})") from error
    try:
        with file:
            header = dcmread(file, stop_before_pixels=True)
            _check_class(header)
            _check_identity(header)
            problem = _pixel_problem(header, file)
    except InvalidDicomError as error:
        raise InputError("NOT_DICOM", f"{path.name}: not a DICOM file (no 'DICM' prefix)") from error
    except PARSE_ERRORS as error:
        raise InputError("DAMAGED", f"{path.name}: the data set cannot be parsed ({error})") from error
    if problem:
        raise InputError("TRUNCATED", f"{path.name}: {problem}; send the instance again")
    return header


def sop_class(header: FileDataset) -> str:
    """Return the SOP Class UID of the data set or, where it has none, of the file meta information."""
    return text(header, "SOPClassUID") or text(header.file_meta, "MediaStorageSOPClassUID")


def _check_class(header: FileDataset) -> None:
    uid = UID(sop_class(header))
    if uid == MediaStorageDirectoryStorage:
        raise InputError("DICOMDIR", "a DICOMDIR lists instances and holds no image; it is not needed")
    if uid in CT_CLASSES or uid in MR_CLASSES:
        return
    if uid.startswith(SEGMENTATION_PREFIX) or (uid.is_valid and uid.name != uid and "Rows" not in header):
        raise InputError("NOT_AN_IMAGE", f"{uid.name} is no source image; it is not analysed")
    if "Rows" not in header:
        raise InputError("UNSUPPORTED_SOP", f"SOP class '{uid}' is unknown and holds no image")


def _check_identity(header: FileDataset) -> None:
    for keyword, code in (
        ("StudyInstanceUID", "NO_STUDY_UID"),
        ("SeriesInstanceUID", "NO_SERIES_UID"),
        ("SOPInstanceUID", "NO_SOP_UID"),
    ):
        if not text(header, keyword):
            raise InputError(code, f"{keyword} is absent or empty; the instance belongs nowhere")


def _pixel_problem(header: FileDataset, file: BinaryIO) -> str | None:
    """Say what is missing of the pixel data that follow the header in `file`, or None."""
    syntax = header.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
    if syntax == DeflatedExplicitVRLittleEndian:
        return _deflated_problem(header, file)
    big_endian = syntax == ExplicitVRBigEndian
    try:
        element = PixelElement.read(file, implicit=bool(header.original_encoding[0]), big=big_endian)
    except struct.error:
        element = None
    if element is None:
        return "the file ends before its pixel data"
    return missing_pixels(file, element, expected_length(header), integer(header, "NumberOfFrames") or 1)


def _deflated_problem(header: FileDataset, file: BinaryIO) -> str | None:
    file.seek(0)
    whole = dcmread(file)
    length = max((len(whole[keyword].value) for keyword in PIXEL_KEYWORDS if keyword in whole), default=0)
    wanted = expected_length(header)
    return None if length >= wanted else f"{length} of {wanted} bytes of pixel data are there"


def expected_length(header: FileDataset) -> int:
    """Return the bytes that native pixel data must have (PS3.5 8.1, PS3.3 C.7.6.3)."""
    rows, columns, bits = (integer(header, key) or 0 for key in ("Rows", "Columns", "BitsAllocated"))
    samples, frames = (integer(header, key) or 1 for key in ("SamplesPerPixel", "NumberOfFrames"))
    return (rows * columns * bits * samples * frames + 7) // 8
