"""What the one-page report says, ready for both of its forms (HTML and PDF)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset

from pipelines.dicom.codes import MEASUREMENTS, RISKS, measurement_code, target_code
from pipelines.dicom.sr_risk import strongest
from pipelines.dicom.structures import reading_order
from pipelines.report.panel import ROLE_TEXTS
from pipelines.types import (
    Analysis,
    Contribution,
    Finding,
    Measurement,
    Prediction,
    Role,
    SeriesAnalysis,
    SeriesVerdict,
)
from pipelines.wording import finding_text, model_text

_NAMES = tuple(MEASUREMENTS)
#: Beside the main measurements: spread, and the second method for the same thing.
_SECONDARY = ("sd_hu", "sd_signal", "fat_fraction_otsu", "compartment_fat_fraction_otsu")
_SHORT_UNITS: Mapping[str, str] = {
    "cm3": "cm³",
    "mm2": "mm²",
    "cm2": "cm²",
    "[hnsf'U]": "HU",
    "1": "",
    "%": "%",
}


@dataclass(frozen=True, slots=True)
class RiskCard:
    """One prediction as it is shown."""

    target: str
    percent: float | None
    category: str  #: key of RISKS, or "none"
    outcome: str
    reasons: tuple[str, ...]
    contributions: tuple[Contribution, ...]
    inputs: str
    model: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class MeasurementTable:
    """The measurements of one series: one row per structure, one column per kind of measurement."""

    role: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    main: tuple[int, ...]  #: columns that are shown where there is little room


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series and what it was used for."""

    number: str
    description: str
    role: str
    reason: str
    used: bool


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Everything on the page."""

    patient: tuple[tuple[str, str], ...]
    risks: tuple[RiskCard, ...]
    tables: tuple[MeasurementTable, ...]
    series: tuple[SeriesRow, ...]
    warnings: tuple[str, ...]
    models: tuple[str, ...]
    demonstration: bool


def page_of(analysis: Analysis) -> ReportPage:
    """Collect what the report says about a case."""
    return ReportPage(
        patient=_patient(analysis),
        risks=tuple(_risk(prediction) for prediction in analysis.predictions),
        tables=tuple(_table(role, one) for role, one in analysis.analyses.items()),
        series=tuple(
            _series(verdict, analysis.failures) for verdict in _ordered(analysis.selection.verdicts)
        ),
        warnings=tuple(dict.fromkeys(map(finding_text, _warnings(analysis)))),
        models=tuple(dict.fromkeys(_models(analysis))),
        demonstration=any(prediction.demonstration for prediction in analysis.predictions),
    )


def _patient(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    if not analysis.series:
        return ()
    header = analysis.series[0].headers[0]
    studies = {series.study_uid: series.headers[0] for series in analysis.series}
    return (
        ("Patient ID", _text(header, "PatientID")),
        ("Name", _name(header)),
        ("Sex", _text(header, "PatientSex")),
        ("Born", _date(_text(header, "PatientBirthDate"))),
        ("Studies", "; ".join(_study(study) for study in studies.values())),
    )


def _name(header: Dataset) -> str:
    name = header.get("PatientName")
    return "-" if not name else str(getattr(name, "alphabetic", name)).replace("^", " ").strip()


def _study(header: Dataset) -> str:
    parts = (_text(header, "Modality"), _date(_text(header, "StudyDate")), _text(header, "AccessionNumber"))
    return " ".join(part for part in parts if part != "-")


def _text(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    return str(value) if value not in (None, "") else "-"


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if len(value) == 8 and value.isdigit() else value


def _risk(prediction: Prediction) -> RiskCard:
    percent = None if prediction.probability is None else 100 * prediction.probability
    outcome = RISKS[prediction.category].meaning if prediction.category else "Not evaluable"
    return RiskCard(
        target=target_code(prediction.target, prediction.title).meaning,
        percent=percent,
        category=prediction.category or "none",
        outcome=outcome,
        reasons=tuple(map(finding_text, (*prediction.reasons, *prediction.warnings))),
        contributions=tuple(strongest(prediction.contributions)[:4]),
        inputs=_inputs(prediction),
        model=model_text(prediction.model),
        demonstration=prediction.demonstration,
    )


def _inputs(prediction: Prediction) -> str:
    used = ", ".join(prediction.inputs_used) or "none"
    return f"used: {used}" + (
        f"; missing: {', '.join(prediction.inputs_missing)}" if prediction.inputs_missing else ""
    )


def _table(role: Role, analysis: SeriesAnalysis) -> MeasurementTable:
    """Lay out a series' measurements; what has the same heading (disc and body height) shares a column."""
    columns: dict[str, bool] = {}
    values: dict[tuple[str, str], str] = {}
    for measurement in sorted(analysis.measurements, key=lambda one: _NAMES.index(one.name)):
        heading = _heading(measurement)
        columns[heading] = measurement.name not in _SECONDARY
        values[measurement.structure, heading] = _value(measurement)
    return MeasurementTable(
        role=ROLE_TEXTS[role],
        columns=tuple(columns),
        rows=tuple(
            (label, tuple(values.get((label, heading), "") for heading in columns))
            for label in reading_order(analysis.segmentation.structures.values())
        ),
        main=tuple(index for index, main in enumerate(columns.values()) if main),
    )


def _heading(measurement: Measurement) -> str:
    heading = measurement_code(measurement.name).heading
    unit = _SHORT_UNITS.get(measurement.unit, measurement.unit)
    return heading if heading.endswith(unit) else f"{heading} {unit}"


def _value(measurement: Measurement) -> str:
    size = abs(measurement.value)
    if measurement.unit == "1" and size < 1:
        return f"{measurement.value:.2f}"
    return f"{measurement.value:.0f}" if size >= 100 else f"{measurement.value:.1f}"


def _ordered(verdicts: Iterable[SeriesVerdict]) -> list[SeriesVerdict]:
    return sorted(verdicts, key=lambda verdict: (verdict.role is None, verdict.series_number or 0))


def _series(verdict: SeriesVerdict, failures: Mapping[Role, Finding]) -> SeriesRow:
    failure = failures.get(verdict.role) if verdict.role is not None else None
    return SeriesRow(
        number="-" if verdict.series_number is None else str(verdict.series_number),
        description=verdict.description or "-",
        role="not used" if verdict.role is None else ROLE_TEXTS[verdict.role],
        reason=failure.text if failure is not None else verdict.reason.text,
        used=verdict.role is not None and failure is None,
    )


def _warnings(analysis: Analysis) -> Iterable[Finding]:
    yield from analysis.failures.values()
    for one in analysis.analyses.values():
        yield from (*one.segmentation.volume.warnings, *one.segmentation.warnings)
    for verdict in analysis.selection.verdicts:
        yield from verdict.warnings
    for rejected in analysis.rejected:
        yield rejected.reason


def _models(analysis: Analysis) -> Iterable[str]:
    for one in analysis.analyses.values():
        yield model_text(one.segmentation.model)
    for prediction in analysis.predictions:
        yield model_text(prediction.model)
