"""Audit messages in the schema of PS3.15 A.5.1.

They name studies by their UIDs and patients by the key under which the database knows them (a hash): whoever
has the archive can resolve both, and whoever has only the trail learns no name.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from xml.etree.ElementTree import Element, SubElement, tostring


class Code(Enum):
    """Codes of DCM (PS3.16 annex D): code value and meaning."""

    APPLICATION_ACTIVITY = ("110100", "Application Activity")
    INSTANCES_ACCESSED = ("110103", "DICOM Instances Accessed")
    INSTANCES_TRANSFERRED = ("110104", "DICOM Instances Transferred")
    STUDY_DELETED = ("110105", "DICOM Study Deleted")
    QUERY = ("110112", "Query")
    SECURITY_ALERT = ("110113", "Security Alert")
    APPLICATION_START = ("110120", "Application Start")
    APPLICATION_STOP = ("110121", "Application Stop")
    NODE_AUTHENTICATION = ("110126", "Node Authentication")
    SOFTWARE_CONFIGURATION = ("110131", "Software Configuration")
    APPLICATION = ("110150", "Application")
    DESTINATION = ("110152", "Destination Role ID")
    SOURCE = ("110153", "Source Role ID")
    STUDY_UID = ("110180", "Study Instance UID")


class Action(Enum):
    """EventActionCode."""

    CREATE, READ, UPDATE, DELETE, EXECUTE = "CRUDE"


class Outcome(Enum):
    """EventOutcomeIndicator."""

    SUCCESS, MINOR, SERIOUS = "0", "4", "8"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody, or a program, that takes part."""

    user: str  #: AE title, or who sat there
    requestor: bool
    role: Code | None = None
    address: str | None = None  #: IP address


@dataclass(frozen=True, slots=True)
class Event:
    """What happened."""

    kind: Code
    action: Action
    participants: tuple[Participant, ...]
    outcome: Outcome = Outcome.SUCCESS
    type: Code | None = None
    studies: tuple[str, ...] = ()  #: Study Instance UIDs
    patient_key: str | None = None
    detail: str | None = None  #: for people; never with a patient's identifiers


def encode(event: Event, source: str, now: datetime | None = None) -> bytes:
    """Write an event as one line of XML.

    Parameters
    ----------
    event : Event
    source : str
        AuditSourceID: this node's AE title.
    now : datetime, optional
    """
    message = Element("AuditMessage")
    about = {
        "EventActionCode": event.action.value,
        "EventDateTime": (now or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "EventOutcomeIndicator": event.outcome.value,
    }
    identification = SubElement(message, "EventIdentification", about)
    _coded(identification, "EventID", event.kind)
    if event.type is not None:
        _coded(identification, "EventTypeCode", event.type)
    if event.detail is not None:
        SubElement(identification, "EventOutcomeDescription").text = event.detail
    _participants(message, event.participants)
    SubElement(
        message, "AuditSourceIdentification", {"AuditSourceID": source, "AuditEnterpriseSiteID": source}
    )
    _objects(message, event)
    line: bytes = tostring(message, encoding="utf-8", xml_declaration=False)
    return line.replace(b"\n", b" ")


def itself(role: Code = Code.APPLICATION, requestor: bool = False, user: str = "") -> Participant:
    """Return this process as a participant."""
    return Participant(user or f"pid:{os.getpid()}", requestor, role, _own_address())


def _own_address() -> str:
    return socket.gethostname()


def _participants(message: Element, participants: Sequence[Participant]) -> None:
    for one in participants:
        about = {"UserID": one.user, "UserIsRequestor": str(one.requestor).lower()}
        if one.address is not None:
            about |= {
                "NetworkAccessPointID": one.address,
                "NetworkAccessPointTypeCode": _kind_of(one.address),
            }
        element = SubElement(message, "ActiveParticipant", about)
        if one.role is not None:
            _coded(element, "RoleIDCode", one.role)


def _kind_of(address: str) -> str:
    """Tell an IP address (2) from a name (1)."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, address)
        except OSError:
            continue
        return "2"
    return "1"


def _objects(message: Element, event: Event) -> None:
    for uid in event.studies:
        about = {
            "ParticipantObjectID": uid,
            "ParticipantObjectTypeCode": "2",  # system object
            "ParticipantObjectTypeCodeRole": "3",  # report: DICOM's choice for studies
        }
        element = SubElement(message, "ParticipantObjectIdentification", about)
        _coded(element, "ParticipantObjectIDTypeCode", Code.STUDY_UID)
    if event.patient_key is not None:
        about = {
            "ParticipantObjectID": event.patient_key,
            "ParticipantObjectTypeCode": "1",  # person
            "ParticipantObjectTypeCodeRole": "1",  # patient
        }
        element = SubElement(message, "ParticipantObjectIdentification", about)
        named = {"csd-code": "2", "codeSystemName": "RFC-3881", "originalText": "Patient Number"}
        SubElement(element, "ParticipantObjectIDTypeCode", named)


def _coded(parent: Element, name: str, code: Code) -> None:
    value, meaning = code.value
    SubElement(parent, name, {"csd-code": value, "codeSystemName": "DCM", "originalText": meaning})
