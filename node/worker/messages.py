"""What the node and its worker processes say to each other: plain data, light to import on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class PredictorFolder:
    """A predictor of the site's own; fields as in `pipelines.types.PredictorChoice`."""

    name: str
    version: str
    folder: Path
    digest: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Order:
    """To the worker: analyse these files."""

    files: tuple[Path, ...]  #: every instance of the case's studies
    out_dir: Path
    clock: datetime
    completing_study_uid: str
    #: an instance of the completing study: its PatientID names the file of clinical variables
    header: Path
    clinical_dir: Path | None
    cache_dir: Path
    title_mode: Literal["readable", "strict"]
    with_pdf: bool
    with_overlay: bool
    device: str
    #: by role; a role that is not named is the shipped network's
    segmenters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: clinical variables from the database; they win over those of the file
    clinical: Mapping[str, Any] = field(default_factory=dict)
    #: the site's own; a name that is not there is the shipped predictor's
    predictors: tuple[PredictorFolder, ...] = ()
    shadows: tuple[PredictorFolder, ...] = ()  #: run beside them, compared, never reported
    backbone: Path | None = None  #: folder of the deep features' network; None: the shipped one
    previous: tuple[Path, ...] = ()  #: reports made before for the completing study, the oldest first
    gpu_memory_gib: float | None = None  #: at most; None: all there is


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: everything is loaded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """From the worker: how far it is."""

    stage: str
    fraction: float  #: of the whole, 0 to 1


@dataclass(frozen=True, slots=True)
class Made:
    """A result object on disk."""

    path: Path
    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str


@dataclass(frozen=True, slots=True)
class Done:
    """From the worker: the analysis came to its end."""

    applicable: bool
    reasons: tuple[str, ...]  #: "CODE: text"
    made: tuple[Made, ...]
    summary: Mapping[str, Any]
    shadows: tuple[Mapping[str, Any], ...] = ()  #: what candidates answered, as shadow.json has it


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an analysis did not come to its end; from the worker, or about it."""

    code: str
    text: str
    permanent: bool = False  #: the same files would fail again

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"
