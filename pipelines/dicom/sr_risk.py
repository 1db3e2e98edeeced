"""The risk SR: one TID 1501 group per prediction, in the study that completed the case.

"Not evaluable" with its reasons is a result too: it has a group, but no number.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import highdicom as hd
from pydicom.dataset import Dataset

from pipelines.dicom.codes import (
    CASE_ANALYSIS,
    DEMONSTRATION_MODEL,
    EVALUATED,
    EVALUATION,
    INPUT_MISSING,
    INPUT_USED,
    INTENDED_USE,
    LUMBAR_SPINE,
    MODEL_STATUS,
    NO_UNITS,
    NOT_EVALUABLE,
    NOT_EVALUABLE_REASON,
    PERCENT,
    QUALITY_WARNING,
    RESEARCH_ONLY,
    RISK_CATEGORY,
    RISKS,
    SIGNATURES,
    SITE_MODEL,
    digest_value,
    private,
    private_for,
    probability_code,
    stable_name,
    target_code,
)
from pipelines.dicom.objects import Identity, identify
from pipelines.dicom.product import DEMONSTRATION, RESEARCH_USE
from pipelines.dicom.sr import ReportContent, TitleMode, algorithm, build_sr, evaluation
from pipelines.dicom.uids import derived_uid, inputs_digest
from pipelines.types import Contribution, Finding, Prediction
from pipelines.wording import NOT_REVIEWED, finding_text, prediction_text

STRONGEST = 5  #: contributions that are written; the rest are in summary.json


@dataclass(frozen=True, eq=False)
class CaseReport:
    """What the risk SR is about.

    Attributes
    ----------
    predictions : sequence of Prediction
        May be empty; then the report says that nothing could be evaluated, and why.
    reasons : sequence of Finding
        What could not be done in the case, besides the predictions' own reasons; also part of its identity.
    evidence : sequence of Dataset
        All source images, SEGs and measurement SRs; the first is a repaired image header of the study that
        the report belongs to.
    source_number : int or None
        Lowest series number of the sources in that study.
    clinical : mapping
        What was known about the patient; part of the object's identity.
    """

    predictions: Sequence[Prediction]
    reasons: Sequence[Finding]
    evidence: Sequence[Dataset]
    source_number: int | None
    clinical: Mapping[str, Any]


def build_risk_sr(case: CaseReport, title_mode: TitleMode, clock: datetime) -> Dataset:
    """Make the risk SR of a case.

    Parameters
    ----------
    case : CaseReport
    title_mode : {"readable", "strict"}
    clock : datetime
        Aware.
    """
    identity = _identity(case, title_mode)
    groups = [_group(prediction, identity) for prediction in case.predictions]
    findings = (*_findings(case.predictions), *case.reasons)
    content = ReportContent(
        groups=groups or [_nothing_evaluable(case.reasons, identity)],
        summary=list(_summaries(case.predictions)),
        comments=list(dict.fromkeys(map(finding_text, findings))),
    )
    return build_sr(content, case.evidence, identity, title_mode, clock)


def _identity(case: CaseReport, title_mode: TitleMode) -> Identity:
    """Name the report by all that its content depends on: two reports that differ never share a UID."""
    return identify(
        "risk_sr",
        case.source_number,
        "lumbar-node risk (RESEARCH)",
        inputs_digest(str(item.SOPInstanceUID) for item in case.evidence),
        str(case.evidence[0].StudyInstanceUID),
        sorted(map(_stated, case.predictions)),
        [finding_text(reason) for reason in case.reasons],
        _digest(dict(case.clinical)),
        title_mode,
    )


def _stated(prediction: Prediction) -> str:
    """Digest what the report says of a prediction, numbers as they are written.

    The last bits of a probability may differ from one device to another; that makes no other report.
    """
    told = asdict(prediction) | {
        "probability": _percent(prediction),
        "signatures": {name: _rounded(value) for name, value in prediction.signatures.items()},
        "contributions": [(one.name, _rounded(one.value)) for one in strongest(prediction.contributions)],
    }
    return _digest(told)


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _group(prediction: Prediction, identity: Identity) -> Any:
    target = target_code(prediction.target, prediction.title)
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(identity, prediction.target, target.meaning),
        finding_type=target,
        algorithm_id=algorithm(prediction.model, *_parameters(prediction)),
        finding_sites=[hd.sr.FindingSite(LUMBAR_SPINE)],
        measurements=list(_numbers(prediction)),
        qualitative_evaluations=list(_statements(prediction)),
    )


def _nothing_evaluable(reasons: Sequence[Finding], identity: Identity) -> Any:
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(identity, "case", CASE_ANALYSIS.meaning),
        finding_type=CASE_ANALYSIS,
        finding_sites=[hd.sr.FindingSite(LUMBAR_SPINE)],
        qualitative_evaluations=[
            evaluation(EVALUATION, NOT_EVALUABLE),
            *_coded(NOT_EVALUABLE_REASON, (reason.code for reason in reasons)),
            evaluation(INTENDED_USE, RESEARCH_ONLY),
        ],
    )


def _tracking(identity: Identity, name: str, text: str) -> Any:
    uid = derived_uid("tracking", identity.sop_instance_uid, name)
    return hd.sr.TrackingIdentifier(uid=uid, identifier=text)


def _parameters(prediction: Prediction) -> list[str]:
    use = "intended use: research use only"
    return [use, DEMONSTRATION] if prediction.demonstration else [use]


def _numbers(prediction: Prediction) -> Iterator[Any]:
    percent = _percent(prediction)
    if percent is None:
        return
    yield hd.sr.Measurement(probability_code(prediction.target, prediction.title), percent, PERCENT)
    for name, value in prediction.signatures.items():
        yield hd.sr.Measurement(SIGNATURES.get(name) or private_for(name), _rounded(value), NO_UNITS)
    for contribution in strongest(prediction.contributions):
        input_value = digest_value(f"Log-odds: {stable_name(contribution.name)}")
        code = private(input_value, f"Log-odds: {contribution.name}")
        yield hd.sr.Measurement(code, _rounded(contribution.value), NO_UNITS)


def _percent(prediction: Prediction) -> float | None:
    return None if prediction.probability is None else round(100 * prediction.probability, 1)


def _rounded(value: float) -> float:
    return round(float(value), 4)


def strongest(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Give the contributions of largest absolute value, the largest first."""
    return sorted(contributions, key=lambda one: (-abs(one.value), one.name))[:STRONGEST]


def _statements(prediction: Prediction) -> Iterator[Any]:
    evaluated = prediction.probability is not None
    yield evaluation(EVALUATION, EVALUATED if evaluated else NOT_EVALUABLE)
    if prediction.category is not None:
        yield evaluation(RISK_CATEGORY, RISKS[prediction.category])
    yield from _coded(NOT_EVALUABLE_REASON, (reason.code for reason in prediction.reasons))
    yield evaluation(MODEL_STATUS, DEMONSTRATION_MODEL if prediction.demonstration else SITE_MODEL)
    yield evaluation(INTENDED_USE, RESEARCH_ONLY)
    yield from _coded(INPUT_USED, prediction.inputs_used)
    yield from _coded(INPUT_MISSING, prediction.inputs_missing)
    yield from _coded(QUALITY_WARNING, (warning.code for warning in prediction.warnings))


def _coded(name: Any, texts: Iterable[str]) -> Iterator[Any]:
    for text in dict.fromkeys(texts):
        yield evaluation(name, private_for(text))


def _summaries(predictions: Sequence[Prediction]) -> Iterator[str]:
    yield f"{RESEARCH_USE}. {NOT_REVIEWED}"
    if any(prediction.demonstration for prediction in predictions):
        yield f"{DEMONSTRATION}."
    for prediction in predictions:
        yield prediction_text(prediction)
    if not predictions:
        yield "Nothing could be evaluated in this study; the comments say why."


def _findings(predictions: Sequence[Prediction]) -> Iterator[Finding]:
    for prediction in predictions:
        yield from (*prediction.reasons, *prediction.warnings)
