"""Shadow mode: candidates answer for the same case as the active predictors; nobody is shown what they say.

They run after the results are written, from the same analyses, and reach neither `Analysis` nor the report
writers: what they say cannot get into an SR, a PDF or summary.json.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pipelines.errors import PipelineError
from pipelines.prediction.choices import opened
from pipelines.types import Analysis, Finding, Prediction, PredictorChoice, ShadowAnswer

SHADOW: Final = "shadow.json"
SHADOW_FAILED: Final = "SHADOW_FAILED"
SCHEMA_VERSION: Final = 1


def beside(
    analysis: Analysis, shadows: Sequence[PredictorChoice], backbone: Path | None = None
) -> tuple[ShadowAnswer, ...]:
    """Ask every candidate; one that breaks down is recorded with its reason, and costs the case nothing.

    Parameters
    ----------
    analysis : Analysis
        Its features, clinical variables and the active predictors' answers.
    shadows : sequence of PredictorChoice
    backbone : Path, optional
        Folder of the deep features' network; the shipped one by default.
    """
    active: dict[str, Prediction] = {prediction.target: prediction for prediction in analysis.predictions}
    return tuple(_asked(shadow, analysis, active.get(shadow.name), backbone) for shadow in shadows)


def write(answers: Sequence[ShadowAnswer], folder: Path) -> tuple[Mapping[str, Any], ...]:
    """Write shadow.json beside the results; return its answers as plain data. No file without answers."""
    told = tuple(map(plain, answers))
    if told:
        content = {
            "schema_version": SCHEMA_VERSION,
            "use": "compared with the active models, not reported",
            "shadows": told,
        }
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (folder / SHADOW).write_text(text, encoding="utf-8")
    return told


def plain(answer: ShadowAnswer) -> dict[str, Any]:
    """Give a candidate's answer, and the active predictor's, as JSON values."""
    failed = answer.failure and {"status": "failed", **_numbers(None), "reasons": [asdict(answer.failure)]}
    return {
        "name": answer.model.name,
        "version": answer.model.version,
        "digest": answer.model.digest,
        "answer": failed or _told(answer.answer),
        "active": _told(answer.active),
    }


def _asked(
    shadow: PredictorChoice, analysis: Analysis, active: Prediction | None, backbone: Path | None
) -> ShadowAnswer:
    try:
        answer = opened(shadow, backbone).predict(analysis.analyses, analysis.clinical)
    except PipelineError as error:
        return ShadowAnswer(shadow, None, active, Finding(error.code, str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a candidate does, the case has its results
        text = f"{type(error).__name__} in {shadow.name}@{shadow.version}"
        return ShadowAnswer(shadow, None, active, Finding(SHADOW_FAILED, text))
    if answer.probability is not None and not math.isfinite(answer.probability):
        return ShadowAnswer(shadow, None, active, Finding(SHADOW_FAILED, "the probability is no number"))
    return ShadowAnswer(shadow, answer, active)


def _told(prediction: Prediction | None) -> dict[str, Any]:
    if prediction is None:
        return {}
    return {
        "status": prediction.status,
        **_numbers(prediction),
        "reasons": [asdict(reason) for reason in prediction.reasons],
        "version": prediction.model.version,
        "digest": prediction.model.digest,
    }


def _numbers(prediction: Prediction | None) -> dict[str, Any]:
    return {
        "probability": prediction and prediction.probability,
        "category": prediction and prediction.category,
    }
