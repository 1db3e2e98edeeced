"""Headers of the source, repaired on a copy, so that objects can be derived from what hospitals send.

highdicom raises on a missing AccessionNumber, StudyID or SliceThickness, on PatientSex "X", and on character
sets such as `['', 'ISO 2022 IR 87']`. A derived object has to carry the patient and the study of its source
exactly, so the texts are decoded and written again as UTF-8 (ISO_IR 192); what is missing becomes empty where
the standard allows it (type 2), and what is illegal becomes empty or the standard's "other". A backslash in a
name or an identifier (typed, or half a character in an undeclared character set) reads as two values where
the standard allows one; they are joined again.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from pydicom.datadict import dictionary_has_tag, dictionary_VM
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM

from pipelines.dicom.uids import derived_uid

_TYPE_2 = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
#: What joins the parts of a text that has one value by the dictionary: name components a caret (PS3.5 6.2.1).
_BETWEEN = {"PN": "^", "SH": " ", "LO": " ", "CS": " "}
_SEXES = ("M", "F", "O", "")
_LEFT_OUT_GROUPS = (0x5200, 0x7FE0)  # functional groups and pixel data: large, and never copied on


@contextmanager
def keeping_the_source() -> Iterator[None]:
    """Silence remarks about values that have to be kept as the source has them (names without a caret …)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def repaired(header: Dataset) -> Dataset:
    """Copy a source header so that it can be the base of a derived object.

    Parameters
    ----------
    header : Dataset
        An image's header; left as it is.

    Returns
    -------
    Dataset
        Without private elements, functional groups and pixel data; in ISO_IR 192.
    """
    copy = Dataset()
    with keeping_the_source():
        for tag in header.keys():  # noqa: SIM118  (iterating a Dataset converts every element)
            if not tag.is_private and tag.group not in _LEFT_OUT_GROUPS:
                copy.add(deepcopy(header[tag]))
        copy.decode()
        _join_texts(copy)
        copy.SpecificCharacterSet = "ISO_IR 192"
        _repair_patient_and_study(copy)
        _repair_frame_of_reference(copy)
    return copy


def _repair_patient_and_study(copy: Dataset) -> None:
    for keyword in _TYPE_2:
        if copy.get(keyword) is None:
            setattr(copy, keyword, "")
    if copy.PatientSex not in _SEXES:
        copy.PatientSex = "O"
    for keyword, kind in (("PatientBirthDate", DA), ("StudyDate", DA), ("StudyTime", TM)):
        if not _is_legal(copy.get(keyword), kind):
            setattr(copy, keyword, "")


def _join_texts(copy: Dataset) -> None:
    """Make one value of several where the dictionary allows only one."""
    for element in copy:
        if element.VM > 1 and element.VR in _BETWEEN and _is_single(element):
            parts = (str(value).strip() for value in element.value)
            element.value = _BETWEEN[element.VR].join(part for part in parts if part)


def _is_single(element: DataElement) -> bool:
    return dictionary_has_tag(element.tag) and bool(dictionary_VM(element.tag) == "1")


def _is_legal(value: object, kind: type) -> bool:
    try:
        kind(value)
    except (ValueError, TypeError):
        return False
    return True


def _repair_frame_of_reference(copy: Dataset) -> None:
    """Name the frame of reference where the source does not; the slices of one series share it."""
    if not copy.get("FrameOfReferenceUID"):
        copy.FrameOfReferenceUID = derived_uid("frame-of-reference", copy.SeriesInstanceUID)
    if copy.get("PositionReferenceIndicator") is None:
        copy.PositionReferenceIndicator = ""
    if not copy.get("LossyImageCompression"):
        copy.LossyImageCompression = "00"
