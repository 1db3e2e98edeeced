"""What flows through the pipelines: frozen, typed, without behaviour of its own.

Instance -> Study -> Case -> SeriesSelection -> Volume -> Segmentation -> FeatureVector -> Prediction
-> ResultObject

Conventions: arrays are indexed (slice, row, column); affines map (slice, row, column, 1) to
patient coordinates in mm, LPS (PS3.3 C.7.6.2.1.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset


class Role(StrEnum):
    """The part a series plays in the analysis."""

    CT = "ct"  #: axial CT of the lumbar spine
    MR_SAG_T1 = "mr_sag_t1"
    MR_SAG_T2 = "mr_sag_t2"
    MR_SAG = "mr_sag"  #: sagittal MR whose weighting is not known
    MR_AXIAL_T1 = "mr_axial_t1"
    MR_AXIAL_T2 = "mr_axial_t2"
    MR_AXIAL_DIXON_WATER = "mr_axial_dixon_water"
    MR_AXIAL_DIXON_FAT = "mr_axial_dixon_fat"
    MR_AXIAL = "mr_axial"  #: axial MR whose weighting is not known


SAGITTAL_ROLES = (Role.MR_SAG_T2, Role.MR_SAG_T1, Role.MR_SAG)
AXIAL_MR_ROLES = (
    Role.MR_AXIAL_T2,
    Role.MR_AXIAL_T1,
    Role.MR_AXIAL_DIXON_WATER,
    Role.MR_AXIAL_DIXON_FAT,
    Role.MR_AXIAL,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A coded remark: a warning, or the reason why something was not done."""

    code: str  #: stable, upper case, e.g. "GAP_MISSING_SLICE"; at most 16 characters
    text: str  #: for people: what, where, what to do


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Name, version and digest of what made a result."""

    name: str
    version: str
    digest: str  #: sha256 of the weight file(s), hexadecimal


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """A file that is not a usable image instance, with its reason."""

    path: Path
    reason: Finding


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """The instances of one series, headers only (no PixelData), in file order.

    `headers[i]` was read from `paths[i]`; an enhanced multi-frame object is one header.
    """

    study_uid: str
    series_uid: str
    modality: str
    headers: tuple[Dataset, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """Which role a series plays, or why it plays none."""

    study_uid: str
    series_uid: str
    series_number: int | None
    description: str
    role: Role | None
    reason: Finding
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class SeriesSelection:
    """The series chosen for each role, and a verdict on every series."""

    chosen: Mapping[Role, SourceSeries]
    verdicts: tuple[SeriesVerdict, ...]


@dataclass(frozen=True, eq=False)
class Volume:
    """A series as one array on a grid in patient space.

    Attributes
    ----------
    voxels : float32 array of shape (slices, rows, columns)
        Hounsfield units (CT) or signal after the modality LUT (MR).
    affine : float64 array of shape (4, 4)
        (slice, row, column, 1) -> LPS mm. The first column may be oblique to the image plane (gantry tilt).
    sources : tuple of (int | None), one per slice
        Index of the slice's instance in `series.headers` (classic), or of its frame (enhanced);
        None where the slice was interpolated between its neighbours (missing slice).
    role : Role
    series : SourceSeries
    warnings : tuple of Finding
    """

    voxels: NDArray[np.float32]
    affine: NDArray[np.float64]
    sources: tuple[int | None, ...]
    role: Role
    series: SourceSeries
    warnings: tuple[Finding, ...] = ()

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbours along slice, row and column index."""
        steps = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(steps[0]), float(steps[1]), float(steps[2])

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in mm3 (right for sheared grids too)."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Labelled structures on a volume's own grid.

    `labels` is uint8 of the shape of `volume.voxels`, 0 is background; `structures` maps each label value
    that occurs to its fixed SegmentLabel ("L1 vertebra", "L4-L5 disc", "left multifidus" …). `confidence`
    is the mean probability that the network gave the voxels of a structure, 0 to 1, by SegmentLabel; empty
    where the segmenter has none.
    """

    volume: Volume
    labels: NDArray[np.uint8]
    structures: Mapping[int, str]
    model: ModelIdentity
    levels_determined: bool = True
    warnings: tuple[Finding, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number about one structure of one series.

    `name` is a key of pipelines.dicom.codes.MEASUREMENTS; `unit` is UCUM.
    """

    role: Role
    structure: str  #: SegmentLabel
    name: str  #: "volume", "mean_hu", "sd_hu", "mean_signal", "sd_signal", "disc_height", "fat_fraction", …
    value: float
    unit: str  #: UCUM: "cm3", "[hnsf'U]", "1", "mm", "%"
    method: str | None = None  #: e.g. "gaussian-mixture-3", "otsu", "dixon"
    level: str | None = None  #: where in a longer structure: "L4-L5" of "left multifidus"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Numbers that were not given, and why: a measure without its basis is left out, never silently."""

    role: Role
    structure: str  #: SegmentLabel, or what lies between two: "L4-L5 segment"
    names: tuple[str, ...]  #: keys of pipelines.dicom.codes.MEASUREMENTS
    reason: Finding


@dataclass(frozen=True, slots=True)
class FeatureVector:
    """Radiomics or deep features of one structure of one series, or the reason why there are none."""

    role: Role
    structure: str
    kind: Literal["radiomics", "deep"]
    profile: str  #: name@version of the extraction profile
    digest: str  #: sha256 of the profile (and of the network, for deep features)
    values: Mapping[str, float]
    reason: Finding | None = None


@dataclass(frozen=True, eq=False)
class SeriesAnalysis:
    """Everything computed from one series; cached by input hash and model digests.

    Predictors read `measurements` and `features`. What is in `morphology` is for reports alone: it may grow
    without a predictor's inputs changing.
    """

    segmentation: Segmentation
    measurements: tuple[Measurement, ...]
    features: tuple[FeatureVector, ...]
    morphology: tuple[Measurement, ...] = ()  #: vertebra by vertebra, level by level (docs/measurements.md)
    refusals: tuple[Refusal, ...] = ()  #: of the morphology


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one input added to a prediction, in log-odds."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One target's answer, or a coded reason why there is none.

    `probability` is None exactly when `status` is "not_evaluable".
    """

    target: str  #: name of the predictor: "asdeg", "pain", or a site's own
    status: Literal["evaluated", "not_evaluable"]
    reasons: tuple[Finding, ...]
    probability: float | None
    category: Literal["low", "moderate", "high", "uncertain"] | None
    model: ModelIdentity
    demonstration: bool
    inputs_used: tuple[str, ...] = ()
    inputs_missing: tuple[str, ...] = ()
    signatures: Mapping[str, float] = field(default_factory=dict)  #: "rad_sign", "dl_sign"
    contributions: tuple[Contribution, ...] = ()
    warnings: tuple[Finding, ...] = ()
    title: str = ""  #: what is predicted, in words
    #: Whether the contributions add up to the log-odds; else they are single-input ablations.
    contributions_exact: bool = True
    #: Conformal set: outcomes (0 no, 1 yes) that cannot be ruled out; None where it was not measured.
    conformal: tuple[int, ...] | None = None
    coverage: float | None = None  #: least share of patients of either outcome whose set holds it


@dataclass(frozen=True, eq=False)
class Analysis:
    """The whole of what is known about a case after one way through."""

    series: tuple[SourceSeries, ...]
    rejected: tuple[RejectedFile, ...]
    selection: SeriesSelection
    analyses: Mapping[Role, SeriesAnalysis]
    failures: Mapping[Role, Finding]  #: chosen series that could not be analysed
    predictions: tuple[Prediction, ...]
    completing_study_uid: str  #: the fused risk SR belongs to this study
    timings: Mapping[str, float]  #: seconds per stage
    clinical: Mapping[str, Any]
    tried: frozenset[str] = frozenset()  #: SeriesInstanceUIDs that were chosen for a role and failed


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result object on disk."""

    path: Path
    kind: Literal["seg", "measurement_sr", "risk_sr", "pdf", "overlay"]
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str


@dataclass(frozen=True, slots=True)
class SegmenterChoice:
    """Which segmenter takes a role, with its options; plain data, so that it travels between processes."""

    backend: str = "shipped"  #: name of an entry point, see pipelines.segmentation.segmenter
    options: Mapping[str, Any] = field(default_factory=dict)  #: e.g. {"path": "/srv/bundles/spine"}


@dataclass(frozen=True, slots=True)
class PredictorChoice:
    """A predictor of the site's own: where it lies and which bytes are meant."""

    name: str  #: what it predicts: asdeg, pain, …; stands in for the shipped predictor of this name
    version: str
    folder: Path
    digest: str  #: of its files, as `ModelIdentity` has it
    sha256: str  #: of its manifest, as it was when a person chose it


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What a candidate answered beside the active predictor of its name; compared, never reported.

    Either `answer` or `failure` is None. `active` is None where no active predictor has this name.
    """

    model: PredictorChoice
    answer: Prediction | None
    active: Prediction | None
    failure: Finding | None = None


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One piece of work for a worker; plain data, so that it travels between processes."""

    files: tuple[Path, ...]  #: every instance of the case's studies
    out_dir: Path  #: result objects and summary.json are written here
    clock: datetime  #: aware; every timestamp in the results comes from here
    completing_study_uid: str | None = None  #: None: the study with the newest objects
    clinical: Mapping[str, Any] | None = None
    cache_dir: Path | None = None
    title_mode: Literal["readable", "strict"] = "readable"
    with_pdf: bool = False
    with_overlay: bool = False
    device: str = "auto"
    #: who segments each role; the shipped network where nothing is said
    segmenters: Mapping[Role, SegmenterChoice] = field(default_factory=dict)
    #: the site's own; the shipped predictors of all other names
    predictors: tuple[PredictorChoice, ...] = ()
    shadows: tuple[PredictorChoice, ...] = ()  #: candidates that run beside them, unseen by any report
    backbone: Path | None = None  #: folder of the deep features' network; None: the shipped one
    previous: tuple[Path, ...] = ()  #: reports made before for the completing study, the oldest first


@dataclass(frozen=True, slots=True)
class AnalysisOutcome:
    """What a way through gave; plain data."""

    status: Literal["analysed", "not_applicable"]
    reasons: tuple[Finding, ...]
    results: tuple[ResultFile, ...]
    summary: Mapping[str, Any]  #: the content of summary.json
    summary_path: Path
    shadows: tuple[Mapping[str, Any], ...] = ()  #: the content of shadow.json, by candidate
