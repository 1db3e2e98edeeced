"""What is sent, and what came back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: how a destination has confirmed an object
Confirmed = Literal["c-store", "commitment", "c-find", "stow-rs", "folder"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A result object on its way to one destination."""

    delivery_id: int
    path: Path
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a destination said about one object."""

    delivery_id: int
    #: "sent": taken, to be confirmed; "deferred": not taken this time, worth another attempt; "lost": taken
    #: once and not there any more, to be sent again; "refused": needs a person
    verdict: Literal["delivered", "sent", "deferred", "lost", "refused"]
    text: str | None = None
    by: Confirmed = "c-store"
