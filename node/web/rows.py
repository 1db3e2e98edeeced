"""What the status page shows: frozen rows, without behaviour and without anything that names a patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """Deliveries to one destination, counted by state."""

    destination: str
    delivered: int = 0
    sent: int = 0  #: taken, not confirmed yet
    pending: int = 0
    refused: int = 0
    error: str | None = None  #: the last one


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One line of the status page."""

    id: int
    study_instance_uid: str
    state: str
    revision: int
    reason: str | None
    modalities: tuple[str, ...]
    instances: int
    received_at: datetime
    last_instance_at: datetime
    stage: str | None  #: of the running analysis
    fraction: float | None  #: of the running analysis, 0 to 1
    results: int  #: objects of the newest revision that has any
    deliveries: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """An object that was not taken in."""

    at: datetime
    calling_ae: str
    status: int
    reason: str
    sop_instance_uid: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The status page."""

    studies: tuple[StudyRow, ...]
    counts: Mapping[str, int]  #: studies by state
    destinations: tuple[Tally, ...]
    refusals: tuple[RefusalRow, ...]
    refused: int  #: refusals in all


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series of a study."""

    series_instance_uid: str
    modality: str
    instances: int
    size: int  #: bytes


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What became of a result at a destination."""

    destination: str
    state: str
    error: str | None
    confirmed_by: str | None  #: c-store, commitment, c-find, stow-rs, folder; fallback: others went instead


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A result object and what became of it."""

    kind: str
    revision: int
    sop_instance_uid: str
    created_at: datetime
    summary: Mapping[str, Any]
    deliveries: tuple[DeliveryRow, ...]


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """What a candidate answered beside the active model; compared, not reported."""

    name: str
    version: str
    revision: int
    answer: Mapping[str, Any]
    active: Mapping[str, Any]  #: empty where no model was active under the name


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of a study."""

    kind: str
    target: str
    revision: int
    state: str
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of a study's history."""

    at: datetime
    revision: int
    name: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StudyDetail:
    """The page of one study."""

    study: StudyRow
    series: tuple[SeriesRow, ...]
    results: tuple[ResultRow, ...]
    shadows: tuple[ShadowRow, ...]
    jobs: tuple[JobRow, ...]
    events: tuple[EventRow, ...]
