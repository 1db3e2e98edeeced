"""What is sent, and what came back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


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
    #: "deferred": not taken this time, worth another attempt; "refused": needs a person
    verdict: Literal["delivered", "deferred", "refused"]
    text: str | None = None
