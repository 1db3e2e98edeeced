"""What files an instance: its identifiers, its modality, its date and a key of its patient."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date

from node.elements import CANNOT_UNDERSTAND, elements, encoding_of, inflated, printable, text
from node.errors import InvalidInstance

SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
STUDY_DATE = 0x00080020
MODALITY = 0x00080060
SERIES_DESCRIPTION = 0x0008103E
PATIENT_ID = 0x00100020
ISSUER_OF_PATIENT_ID = 0x00100021
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E

#: C-STORE status: Data Set does not match SOP Class (PS3.4 B.2.3)
DOES_NOT_MATCH = 0xA900
#: digits and dots, at most 64 (PS3.5 9.1). A component may begin with 0, which the standard forbids and real
#: archives contain; nothing that matches can leave its folder.
UID = re.compile(r"(?=.{1,64}\Z)[0-9]+(\.[0-9]+)*")
MODALITY_LENGTH = 16
DESCRIPTION_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Header:
    """The attributes by which an instance is filed; UIDs are legal."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str  #: "OT" where the data set has none
    study_date: date | None
    patient_key: str | None
    series_description: str | None = None


def read(data: memoryview, transfer_syntax_uid: str) -> Header:
    """Read the header of an encoded data set, without File Meta Information.

    Parameters
    ----------
    data : memoryview
        The data set; only its beginning is looked at.
    transfer_syntax_uid : str
        How it is encoded.

    Raises
    ------
    InvalidInstance
        0xC000: cannot be parsed, or StudyInstanceUID or SeriesInstanceUID is missing.
        0xA900: a UID is missing or illegal.
    """
    clear = inflated(data, transfer_syntax_uid)
    found = dict(elements(clear, encoding_of(transfer_syntax_uid), last=SERIES_INSTANCE_UID))
    return Header(
        study_instance_uid=_uid(found, STUDY_INSTANCE_UID, "StudyInstanceUID", CANNOT_UNDERSTAND),
        series_instance_uid=_uid(found, SERIES_INSTANCE_UID, "SeriesInstanceUID", CANNOT_UNDERSTAND),
        sop_class_uid=_uid(found, SOP_CLASS_UID, "SOPClassUID", DOES_NOT_MATCH),
        sop_instance_uid=_uid(found, SOP_INSTANCE_UID, "SOPInstanceUID", DOES_NOT_MATCH),
        modality=printable(text(found.get(MODALITY)))[:MODALITY_LENGTH] or "OT",
        study_date=_date(text(found.get(STUDY_DATE))),
        series_description=printable(text(found.get(SERIES_DESCRIPTION)))[:DESCRIPTION_LENGTH] or None,
        patient_key=patient_key(text(found.get(PATIENT_ID)), text(found.get(ISSUER_OF_PATIENT_ID))),
    )


def patient_of(data: memoryview, transfer_syntax_uid: str) -> tuple[str, str]:
    """Return PatientID and IssuerOfPatientID of an encoded data set; empty where it has none.

    Raises
    ------
    InvalidInstance
        (0xC000) It cannot be parsed.
    """
    clear = inflated(data, transfer_syntax_uid)
    found = dict(elements(clear, encoding_of(transfer_syntax_uid), last=ISSUER_OF_PATIENT_ID))
    return text(found.get(PATIENT_ID)), text(found.get(ISSUER_OF_PATIENT_ID))


def check_uid(value: str, name: str) -> str:
    """Return `value` if it is a legal UID (PS3.5 9.1).

    Raises
    ------
    InvalidInstance
        (0xA900) Otherwise; without the value, which came from outside.
    """
    if UID.fullmatch(value) is None:
        raise InvalidInstance(DOES_NOT_MATCH, f"{name} is not a UID (digits and dots, at most 64 characters)")
    return value


def patient_key(patient_id: str, issuer_of_patient_id: str = "") -> str | None:
    """Return sha256 of PatientID and IssuerOfPatientID, hexadecimal; None without a PatientID.

    The backslash, which no LO value may contain (PS3.5 6.2), keeps the two apart.
    """
    if not patient_id:
        return None
    return hashlib.sha256(f"{patient_id}\\{issuer_of_patient_id}".encode()).hexdigest()


def _uid(found: dict[int, memoryview], tag: int, name: str, status: int) -> str:
    value = text(found.get(tag))
    if not value:
        raise InvalidInstance(status, f"the data set has no {name}")
    return check_uid(value, name)


def _date(value: str) -> date | None:
    """Return a DA value; None where it is missing or no date."""
    digits = value.replace(".", "")  # ACR-NEMA wrote 1993.08.22 (PS3.5 6.2)
    if re.fullmatch(r"[0-9]{8}", digits) is None:
        return None
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None
