"""What the receiver tells the index."""

from dataclasses import dataclass
from datetime import datetime

from node.header import Header

#: why an instance is in quarantine; answered with success, because its bytes are safe
KEPT_APART = "the SOP Instance UID is taken by another content; this one is kept apart in quarantine"


@dataclass(frozen=True, slots=True)
class Stored:
    """An instance is in the store, new or once more."""

    header: Header
    transfer_syntax_uid: str
    sha256: str
    size: int
    path: str  #: relative to the store's root
    calling_ae: str
    received_at: datetime
    association: int | None  #: that brought it; None: found on the disk
    priority: int = 0  #: 1 high, 0 medium, -1 low


@dataclass(frozen=True, slots=True)
class OwnResult:
    """A result of this node has come back."""

    study_instance_uid: str
    sop_instance_uid: str
    calling_ae: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """An instance was not taken in, or is kept apart."""

    sop_instance_uid: str | None
    calling_ae: str
    status: int  #: the C-STORE status that was answered
    reason: str
    path: str | None  #: relative to the store's root, if its bytes are kept
    at: datetime


@dataclass(frozen=True, slots=True)
class AssociationEnded:
    """An association will bring nothing more."""

    association: int
    released: bool  #: in good order (A-RELEASE); otherwise aborted or lost
    calling_ae: str = ""


Message = Stored | OwnResult | Refused | AssociationEnded
