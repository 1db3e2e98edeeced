"""How good the models are: discrimination, calibration, use, and calls at the threshold."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from models.validation.decision import confusion
from pipelines.report_training import theme
from pipelines.report_training.blocks import Block, Chapter, Picture, Table, Text
from pipelines.report_training.figures.calibration import calibration_figure, calibration_sets
from pipelines.report_training.figures.decision import decision_figure, decision_sets
from pipelines.report_training.figures.roc import roc_figure, roc_sets
from pipelines.report_training.numbers import count_of, figure, percent, with_interval
from pipelines.report_training.study import Scores, Study

SETS: Final[Mapping[str, str]] = {
    "nested": "Unseen patients of the training set (nested cross-validation):",
    "paper": "Internal validation (papers' recipe, optimistic):",
    "external": "{outside}:",
    "in_sample": "Patients the model has seen (apparent, optimistic):",
}
_HEADS: Final = ("Model", "AUC (95 % CI)", "Accuracy", "Sens.", "Spec.", "F1", "Brier", "Slope", "Intercept")
_KEYS: Final = (
    "accuracy",
    "sensitivity",
    "specificity",
    "f1",
    "brier",
    "calibration_slope",
    "calibration_intercept",
)


def performance(study: Study) -> Chapter:
    """Build the chapter on the models' figures."""
    return Chapter(
        "performance",
        "How good the models are",
        (
            _table(study),
            *_variants(study),
            *_roc(study),
            *_calibration(study),
            *_decision(study),
            *_confusion(study),
        ),
    )


def _table(study: Study) -> Table:
    rows: list[tuple[str, ...]] = []
    for set_, title in SETS.items():
        found = [(model, study.of(model).get(set_)) for model in study.models]
        if any(one for _, one in found):
            rows.append((title.format(outside=study.outside), *[""] * len(_KEYS), ""))
            rows.extend(_row(model, one) for model, one in found if one)
    repeats = study.metrics.get("repeats", 1)
    means = f"Figures are means over {repeats} repeats. " if repeats > 1 else ""
    note = (
        f"Calls at a risk of {percent(threshold_of(study))}. {means}Intervals by drawing patients with "
        "replacement. Calibration: slope 1 and intercept 0 are right, a slope below 1 is overconfident."
    )
    return Table(_HEADS, tuple(rows), "Figures of every model.", note, (1.5, 2.2, *[1.0] * 7))


def _variants(study: Study) -> Iterator[Block]:
    """List the models for patients with other inputs, which have an estimate of their own."""
    rows = []
    for name, one in (study.metrics.get("variants") or {}).items():
        nested = one.get("nested") or {}
        auc = with_interval(nested.get("auc"), nested.get("auc_ci"))
        model = theme.name_of(str(one.get("headline", "")))
        rows.append((name.replace("_", " "), model, str(one["n"]), count_of(one["events"], one["n"]), auc))
    if rows:
        heads = ("Inputs", "Model", "Patients", "With the outcome", "AUC (95 % CI), unseen patients")
        caption = "Models for patients with other inputs (nested cross-validation, once)."
        yield Table(heads, tuple(rows), caption, widths=(2.2, 1.2, 1, 1.3, 2))


def threshold_of(study: Study) -> float:
    """Give the risk from which a patient is called."""
    return float(study.metrics.get("threshold") or 0.5)


def _row(model: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    auc = with_interval(found.get("auc"), found.get("auc_ci"))
    return (theme.name_of(model), auc, *(figure(found.get(key)) for key in _KEYS))


def _roc(study: Study) -> Iterator[Block]:
    if roc_sets(study):
        points = " Points: readers." if study.metrics.get("readers") else ""
        yield Picture(
            "roc",
            lambda: roc_figure(study),
            "ROC curves with AUC and 95 % CI; for repeated cross-validation the mean curve of the repeats. "
            f"Dashed grey: the same model on the patients it has seen.{points}",
            "ROC curves; the figures stand in the table above.",
        )


def _calibration(study: Study) -> Iterator[Block]:
    if calibration_sets(study):
        yield Picture(
            "calibration",
            lambda: calibration_figure(study),
            f"Calibration of the {theme.name_of(study.headline).lower()} model: groups of like risk with "
            "Wilson's "
            "95 % CI, at least 5 patients with and 5 without the outcome in each; line: logistic "
            "recalibration. "
            "Below: patients with the outcome (up) and without (down).",
            "Predicted against observed risk; slope and intercept stand in the table above.",
        )


def _decision(study: Study) -> Iterator[Block]:
    if decision_sets(study):
        yield Picture(
            "decision",
            lambda: decision_figure(study),
            "Decision curves: true positives per patient less false positives weighed by the odds of the "
            "threshold. A model is of use where its curve lies above both treating all and treating none.",
            "Net benefit over the threshold for every model, for treating all and for treating none.",
        )


def _confusion(study: Study) -> Iterator[Block]:
    rows = []
    for set_, title in SETS.items():
        scores = study.scores(study.headline, set_)
        if scores:
            rows.append(_calls(title.format(outside=study.outside).rstrip(":"), scores, threshold_of(study)))
    if rows:
        heads = (
            "Patients",
            "True\u00a0+",
            "False\u00a0+",
            "False\u00a0−",
            "True\u00a0−",
            "Sens.",
            "Spec.",
            "PPV",
            "NPV",
        )
        caption = (
            f"Calls of the {theme.name_of(study.headline).lower()} model at a risk of "
            f"{percent(threshold_of(study))}."
        )
        note = (
            "Counts are means over the repeats. PPV and NPV: share of positive and negative calls that "
            "are right."
        )
        yield Table(heads, tuple(rows), caption, note, (3.4, *[1.0] * 8))
    else:
        yield Text("Curves, calibration and calls need the patients' rows in study/, which are not here.")


def _calls(title: str, scores: tuple[Scores, ...], threshold: float) -> tuple[str, ...]:
    each = [confusion(one.outcome, one.probability >= threshold) for one in scores]
    tp, fp, fn, tn = (float(np.mean([getattr(one, key) for one in each])) for key in ("tp", "fp", "fn", "tn"))
    counts = (f"{value:.0f}" if len(each) == 1 else f"{value:.1f}" for value in (tp, fp, fn, tn))
    shares = ((tp, fn), (tn, fp), (tp, fp), (tn, fn))
    return (title, *counts, *(figure(a / (a + b) if a + b else None) for a, b in shares))
