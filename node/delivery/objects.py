"""What is sent, and what came back."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from node.errors import StoreError

#: how a destination has confirmed an object
Confirmed = Literal["c-store", "commitment", "c-find", "stow-rs", "folder"]
#: "sent": taken, to be confirmed; "deferred": not taken this time, worth another attempt; "lost": taken once
#: and not there any more, to be sent again; "refused": needs a person; "unsupported": refused because the
#: destination does not know such objects, so that another kind of object may do
Verdict = Literal["delivered", "sent", "deferred", "lost", "refused", "unsupported"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A result object on its way to one destination."""

    delivery_id: int
    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    sent_at: datetime | None = None  #: when it was sent, or its commitment asked for
    transaction_uid: str | None = None  #: of the storage commitment that is being waited for


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a destination said about one object."""

    delivery_id: int
    verdict: Verdict
    text: str | None = None
    by: Confirmed = "c-store"


def whereabouts(item: Outgoing) -> tuple[str, str]:
    """Read Study and Series Instance UID from an object's file.

    Raises
    ------
    StoreError
        It cannot be read; no attempt at a delivery will change that.
    """
    try:
        found = dcmread(item.path, specific_tags=["StudyInstanceUID", "SeriesInstanceUID"])
        return str(found.StudyInstanceUID), str(found.SeriesInstanceUID)
    except (OSError, InvalidDicomError, AttributeError) as error:
        raise unreadable(item, error) from None


def unreadable(item: Outgoing, error: Exception) -> StoreError:
    """Say in one line that, and why, an object's file cannot be read."""
    why = getattr(error, "strerror", None) or "not a DICOM file"
    return StoreError(f"{item.path.name} cannot be read: {why}")
