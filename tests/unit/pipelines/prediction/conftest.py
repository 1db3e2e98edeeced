"""A case as the pipeline analyses it, with features at the shipped models' typical values."""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.manifest import WEIGHTS
from pipelines.types import (
    FeatureVector,
    Measurement,
    ModelIdentity,
    Role,
    Segmentation,
    SeriesAnalysis,
    SourceSeries,
    Volume,
)

STRUCTURES = {
    "vertebra": "L4 vertebra",
    "body": "L4 vertebral body",
    "disc": "L4-L5 disc",
    "multifidus": "left multifidus",
    "erector_spinae": "left erector spinae",
    "psoas_major": "left psoas major",
}
MODEL = ModelIdentity("drawn", "1", "0" * 64)

Case = dict[Role, SeriesAnalysis]


def _typical() -> dict[str, float]:
    row = {}
    for name in ("asdeg", "pain"):
        text = json.loads((WEIGHTS / name / "reference.json").read_text(encoding="utf-8"))
        row |= {key: quantiles[2] for key, quantiles in text["quantiles"].items()}
    return row


def _analysis(role: Role, row: dict[str, float], levels_determined: bool) -> SeriesAnalysis:
    series = SourceSeries("1.2", "1.2.3", "CT" if role is Role.CT else "MR", (), ())
    volume = Volume(np.zeros((2, 2, 2), np.float32), np.eye(4), (0, 1), role, series)
    labels = np.zeros((2, 2, 2), np.uint8)
    segmentation = Segmentation(volume, labels, {}, MODEL, levels_determined)
    vectors: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    measurements = []
    for key, value in row.items():
        of, group, kind, feature = key.split(".", 3)
        if of == role and kind == "measurement":
            measurements.append(Measurement(role, STRUCTURES[group], feature, value, "%"))
        elif of == role:
            vectors[group, kind][feature] = value
    features = tuple(
        FeatureVector(role, STRUCTURES[group], kind, "zscore@1", "0" * 64, values)  # type: ignore[arg-type]
        for (group, kind), values in vectors.items()
    )
    return SeriesAnalysis(segmentation, tuple(measurements), features)


@pytest.fixture(scope="session")
def case() -> Callable[..., Case]:
    """Build a case; `changes` replaces single features, None leaves one out."""
    typical = _typical()

    def build(
        *roles: Role, changes: dict[str, float | None] | None = None, levels_determined: bool = True
    ) -> Case:
        row = {key: value for key, value in (typical | (changes or {})).items() if value is not None}
        return {role: _analysis(role, row, levels_determined) for role in roles}

    return build


@pytest.fixture(scope="session")
def columns() -> Callable[[str], list[str]]:
    """List the columns that the most complete variant of a shipped model reads."""

    def read(target: str) -> list[str]:
        path: Path = WEIGHTS / target / "predictor.json"
        return list(json.loads(path.read_text(encoding="utf-8"))["variants"][0]["columns"])

    return read
