"""Sentences that stand in the SR, in the report and on the screen alike."""

from pipelines.dicom.codes import RISKS, target_code
from pipelines.dicom.product import DEMONSTRATION, RESEARCH_USE
from pipelines.types import Finding, ModelIdentity, Prediction

NOT_REVIEWED = "Not reviewed by a physician."


def model_text(model: ModelIdentity) -> str:
    """Name a model with its version and the beginning of its digest."""
    return f"{model.name} {model.version} (sha256 {model.digest[:12]})"


def finding_text(finding: Finding) -> str:
    """Write a finding with its code."""
    return f"{finding.code}: {finding.text}"


def outcome_text(prediction: Prediction) -> str:
    """Say in a few words what a prediction gave."""
    if prediction.probability is None:
        return f"not evaluable ({'; '.join(map(finding_text, prediction.reasons)) or 'no reason given'})"
    category = RISKS[prediction.category].meaning.lower() if prediction.category else "no category"
    return f"predicted probability {100 * prediction.probability:.1f} % ({category})"


def prediction_text(prediction: Prediction) -> str:
    """Say what a prediction gave, of what, by which model, and what it may be used for."""
    parts = [
        f"{target_code(prediction.target, prediction.title).meaning}: {outcome_text(prediction)}.",
        f"Model {model_text(prediction.model)}.",
        f"{DEMONSTRATION}." if prediction.demonstration else "",
        f"{RESEARCH_USE}.",
    ]
    return " ".join(part for part in parts if part)
