"""Feature rows of generated patients: what the demonstration predictors are trained around."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.analyse import analyse
from pipelines.features.table import feature_row
from pipelines.phantom import write_patient
from pipelines.types import AnalysisRequest


def write_row(seed: int, path: Path, device: str) -> None:
    """Generate a patient, analyse it, and write its features as one JSON object.

    Parameters
    ----------
    seed : int
        Fixes the patient.
    path : Path
        Written whole or not at all.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".
    """
    with TemporaryDirectory(prefix="lumbar-node-") as folder:
        patient = write_patient(Path(folder) / "patient", seed, small=True, truth=False)
        request = AnalysisRequest(
            files=patient.files, out_dir=Path(folder), clock=datetime.now(UTC), device=device
        )
        row = feature_row(analyse(request).analyses)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(row), encoding="utf-8")
    part.rename(path)
