"""What is asked of a source, and what it answers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from node.retrieve.patient import Patient
from node.settings import Retrieval

Keep = Callable[[], None]  #: to be called now and then: whoever fetches is alive


@dataclass(frozen=True, slots=True)
class Question:
    """Studies of one patient with a modality, within a window of time."""

    patient: Patient
    modality: str
    day: date  #: nearest to this one first
    first: date
    last: date

    @property
    def days(self) -> str:
        """The window as a range of dates (PS3.4 C.2.2.2.5)."""
        return f"{self.first:%Y%m%d}-{self.last:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Found:
    """A series of a study that a source has."""

    series_uid: str
    modality: str
    body_part: str
    description: str
    instances: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A study that a source has, with its series of the modality that was asked for."""

    study_uid: str
    day: date
    description: str
    series: tuple[Found, ...]

    @property
    def instances(self) -> int:
        """How many there are to fetch."""
        return sum(one.instances for one in self.series)


class Client(Protocol):
    """Someone who can be asked."""

    def search(self, question: Question) -> list[Candidate]:
        """Return what there is, of this patient and no other.

        Raises
        ------
        RetrievalError
            The source cannot be reached, or fails.
        """
        ...

    def fetch(self, candidate: Candidate, keep: Keep) -> None:
        """Have the series of a candidate stored here.

        Raises
        ------
        RetrievalError
            The source cannot be reached, fails, or has not given everything. What came is kept.
        """
        ...


def nearest(candidates: Iterable[Candidate], day: date) -> list[Candidate]:
    """Sort candidates by their distance in time, and where that is equal by their UID."""
    return sorted(candidates, key=lambda one: (abs(one.day - day), one.study_uid))


def is_lumbar(candidate: Candidate, settings: Retrieval) -> bool:
    """Return whether a study may show the lumbar spine, by what its series say of themselves."""
    parts = {_plain(part) for part in settings.body_parts}
    described = [candidate.description, *(one.description for one in candidate.series)]
    return any(_plain(one.body_part) in parts for one in candidate.series) or any(
        re.search(settings.description, text, re.IGNORECASE) for text in described
    )


def is_same(patient: Patient, patient_id: str, issuer: str) -> bool:
    """Return whether an answer is about the patient that was asked for: not every source matches exactly.

    An issuer counts where both sides name one.
    """
    return patient_id.strip() == patient.patient_id and (
        not issuer.strip() or not patient.issuer or issuer.strip() == patient.issuer
    )


def _plain(body_part: str) -> str:
    """Return a body part without what sites write differently: L-SPINE, L_SPINE, Lspine."""
    return re.sub(r"[^A-Z0-9]", "", body_part.upper())
