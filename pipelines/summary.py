"""The content of summary.json: the whole of what is known about a case, as plain data.

Feature values are not repeated here (they are many hundred per structure): their number, profile and digest
are. Names and dates of the patient are left out too; the result objects carry them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipelines.dicom.product import DEMONSTRATION, RESEARCH_USE
from pipelines.types import (
    Analysis,
    AnalysisRequest,
    FeatureVector,
    ResultFile,
    Role,
    SeriesAnalysis,
    SourceSeries,
)
from pipelines.version import VERSION

SCHEMA_VERSION = 1  #: raised when a key changes its meaning or goes away; new keys do not raise it
_LIBRARIES = ("pydicom", "highdicom", "torch", "monai", "pyradiomics-cuda", "scikit-learn", "numpy")


def summarise(
    analysis: Analysis, results: Iterable[ResultFile], request: AnalysisRequest | None = None
) -> dict[str, Any]:
    """Sum up a case.

    Parameters
    ----------
    analysis : Analysis
    results : iterable of ResultFile
    request : AnalysisRequest, optional
        Gives the clock and the title mode; None where there is no job.

    Returns
    -------
    dict
        Accepted by `json.dumps(…, allow_nan=False)`: a number that is not finite is None. Result files are
        named relative to the folder that holds summary.json.
    """
    summary = {
        "schema_version": SCHEMA_VERSION,
        "software": {"lumbar-node": VERSION} | _library_versions(),
        "clock": None if request is None else request.clock,
        "title_mode": None if request is None else request.title_mode,
        "intended_use": RESEARCH_USE,
        "demonstration": _demonstration(analysis),
        "completing_study_uid": analysis.completing_study_uid,
        "studies": _studies(analysis.series),
        "series": analysis.selection.verdicts,
        "rejected": analysis.rejected,
        "segmentations": [_segmentation(role, one) for role, one in analysis.analyses.items()],
        "measurements": [one for series in analysis.analyses.values() for one in series.measurements],
        "features": [_features(vector) for one in analysis.analyses.values() for vector in one.features],
        "failures": analysis.failures,
        "predictions": analysis.predictions,
        "clinical": analysis.clinical,
        "results": [{**asdict(one), "path": one.path.name} for one in results],
        "timings": analysis.timings,
    }
    return {key: _plain(value) for key, value in summary.items()}


def _library_versions() -> dict[str, str]:
    versions = {}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = "not installed"
    return versions


def _demonstration(analysis: Analysis) -> str | None:
    return DEMONSTRATION if any(prediction.demonstration for prediction in analysis.predictions) else None


def _studies(series: Iterable[SourceSeries]) -> list[dict[str, Any]]:
    studies: dict[str, dict[str, Any]] = {}
    for one in series:
        entry = studies.setdefault(
            one.study_uid, {"study_uid": one.study_uid, "modalities": [], "series": 0, "instances": 0}
        )
        if one.modality not in entry["modalities"]:
            entry["modalities"].append(one.modality)
        entry["series"] += 1
        entry["instances"] += len(one.headers)
    return list(studies.values())


def _segmentation(role: Role, one: SeriesAnalysis) -> dict[str, Any]:
    segmentation = one.segmentation
    return {
        "role": role,
        "series_uid": segmentation.volume.series.series_uid,
        "structures": list(segmentation.structures.values()),
        "confidence": segmentation.confidence,
        "levels_determined": segmentation.levels_determined,
        "model": segmentation.model,
        "spacing_mm": segmentation.volume.spacing,
        "shape": segmentation.volume.voxels.shape,
        "interpolated_slices": segmentation.volume.sources.count(None),
        "warnings": (*segmentation.volume.warnings, *segmentation.warnings),
    }


def _features(vector: FeatureVector) -> dict[str, Any]:
    entry = {
        "role": vector.role,
        "structure": vector.structure,
        "kind": vector.kind,
        "profile": vector.profile,
        "digest": vector.digest,
        "count": len(vector.values),
    }
    return entry if vector.reason is None else entry | {"reason": vector.reason}


def _plain(value: Any) -> Any:
    """Turn nested data classes, mappings, sequences and scalars into what JSON knows."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, datetime) else _text(value)


def _text(value: Any) -> str:
    return value.as_posix() if isinstance(value, Path) else str(value)
