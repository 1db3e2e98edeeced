"""Audit messages in the schema of PS3.15 A.5.1.

They name studies by their UIDs and patients by the key under which the database knows them (a hash): whoever
has the archive can resolve both, and whoever has only the trail learns no name.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

#: the ampersand first: the others bring their own
RESERVED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))


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
    about = {
        "EventActionCode": event.action.value,
        "EventDateTime": (now or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "EventOutcomeIndicator": event.outcome.value,
    }
    described = [_coded("EventID", event.kind)]
    if event.type is not None:
        described.append(_coded("EventTypeCode", event.type))
    if event.detail is not None:
        described.append(f"<EventOutcomeDescription>{_escaped(event.detail)}</EventOutcomeDescription>")
    parts = [
        _element("EventIdentification", about, *described),
        *map(_participant, event.participants),
        _element("AuditSourceIdentification", {"AuditSourceID": source}),
        *map(_study, event.studies),
        *([] if event.patient_key is None else [_patient(event.patient_key)]),
    ]
    return _element("AuditMessage", {}, *parts).encode()


def itself(requestor: bool = False) -> Participant:
    """Return this process as a participant."""
    return Participant(f"pid:{os.getpid()}", requestor, Code.APPLICATION, socket.gethostname())


def _participant(one: Participant) -> str:
    about = {"UserID": one.user, "UserIsRequestor": str(one.requestor).lower()}
    if one.address is not None:
        about["NetworkAccessPointID"] = one.address
        about["NetworkAccessPointTypeCode"] = _kind_of(one.address)
    return _element(
        "ActiveParticipant", about, *([] if one.role is None else [_coded("RoleIDCode", one.role)])
    )


def _kind_of(address: str) -> str:
    """Tell an IP address (2) from a name (1)."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, address)
        except OSError:
            continue
        return "2"
    return "1"


def _study(uid: str) -> str:
    about = {
        "ParticipantObjectID": uid,
        "ParticipantObjectTypeCode": "2",  # system object
        "ParticipantObjectTypeCodeRole": "3",  # report: DICOM's choice for studies
    }
    return _element(
        "ParticipantObjectIdentification", about, _coded("ParticipantObjectIDTypeCode", Code.STUDY_UID)
    )


def _patient(key: str) -> str:
    about = {
        "ParticipantObjectID": key,
        "ParticipantObjectTypeCode": "1",  # person
        "ParticipantObjectTypeCodeRole": "1",  # patient
    }
    named = {"csd-code": "2", "codeSystemName": "RFC-3881", "originalText": "Patient Number"}
    kind = _element("ParticipantObjectIDTypeCode", named)
    return _element("ParticipantObjectIdentification", about, kind)


def _coded(name: str, code: Code) -> str:
    value, meaning = code.value
    return _element(name, {"csd-code": value, "codeSystemName": "DCM", "originalText": meaning})


def _element(name: str, attributes: Mapping[str, str], *children: str) -> str:
    """Write an element; by hand, because the receiver has to stay small and an XML library takes 3 MiB."""
    written = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>"


def _escaped(text: str) -> str:
    """Escape what XML reserves, and leave out the control characters that it does not know."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    for character, entity in RESERVED:
        clean = clean.replace(character, entity)
    return clean
