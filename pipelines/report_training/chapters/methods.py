"""How the models were made, in the words of a methods section, from what the files say."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.report_training.blocks import Block, Bullets, Chapter, Heading, Text
from pipelines.report_training.chapters.checklists import measured
from pipelines.report_training.chapters.selection import words
from pipelines.report_training.numbers import percent
from pipelines.report_training.study import Study
from pipelines.version import VERSION


def methods(study: Study) -> Chapter:
    """Build the chapter."""
    blocks: list[Block] = [Text(_design(study)), Heading("Steps"), Bullets(tuple(_steps(study)))]
    if "node" in measured(study):
        blocks += [Heading("Images and features"), Bullets(tuple(_images(study)))]
    blocks.append(Heading("Statistics"))
    blocks.append(Text(_statistics(study)))
    return Chapter("methods", "How it was done", tuple(blocks))


def _design(study: Study) -> str:
    what = f"lumbar-node {VERSION} developed a prediction model"
    outside = study.outside.lower()
    what += f" and evaluated it on {outside}." if study.of(study.headline).get("external") else "."
    if study.optimistic:
        return f"{what} No nested cross-validation was run: every figure is optimistic."
    metrics = study.metrics
    text = (
        f"{what} Every step, from filling missing values to the choice of the classifier, was fitted anew in "
        f"each training part of a {_repeated(metrics)}{metrics.get('folds', 5)}-fold "
        "cross-validation, stratified by outcome, all rows of a patient together; the patients of the "
        f"left-out fold were never seen (nested cross-validation). Seed {metrics.get('seed', 0)}. The "
        "delivered model is fitted the same way on all training patients."
    )
    if study.of(study.headline).get("paper"):
        text += (
            " For comparison the papers' recipe was run too: selection on all training patients, signatures "
            "in-sample, classifiers by 10-fold cross-validation after the selection, internal validation 7:3."
        )
    return text


def _repeated(metrics: Mapping[str, Any]) -> str:
    repeats = metrics.get("repeats", 1)
    return f"{repeats} times repeated " if repeats > 1 else ""


def _steps(study: Study) -> Iterator[str]:
    recipe: Mapping[str, Any] = study.description.get("recipe") or {}
    alpha, correlation = recipe.get("alpha", 0.05), recipe.get("correlation", 0.9)
    if recipe.get("harmonise"):
        yield "Scanners: location and scale per scanner (empirical Bayes), never using the outcome."
    if "icc" in measured(study):
        least = recipe.get("icc", 0.75)
        yield f"Stability: features whose intraclass correlation is below {least} are left out."
    if "radiomics" in study.models:
        yield (
            "Radiomics: median for missing values, (x − median) / IQR cut at ± 3, F-test "
            f"(p ≤ {alpha}), of two features correlated above {correlation} one is dropped, LASSO with λ by "
            f"{recipe.get('folds', 10)}-fold cross-validation, then a classifier."
        )
    if "deep" in study.models:
        yield "Deep features: z-score, principal components, LASSO, then a classifier."
    if "clinical" in study.models:
        yield f"Clinical variables: logistic regression, one at a time (kept at p < {alpha}), then together."
    if "combined" in study.models:
        yield "Combined: out-of-fold signatures and the significant clinical variables, then a classifier."
    if recipe.get("classifiers"):
        yield _classifiers(recipe)
    yield "Class imbalance: folds are stratified; patients are neither drawn twice nor left out for balance."


def _classifiers(recipe: Mapping[str, Any]) -> str:
    names = ", ".join(map(words, recipe["classifiers"]))
    rules = {
        "one_se": "the simplest within one standard error of the best AUC wins",
        "significant": "the simplest that the best AUC does not beat significantly wins",
    }
    rule = rules.get(str(recipe.get("rule")), "the best AUC wins")
    folds = recipe.get("search_folds", 10)
    return f"Classifiers: {names}; grid search by {folds}-fold cross-validation in the training part, {rule}."


def _images(study: Study) -> Iterator[str]:
    yield "Segmentation: automatic, by this node's networks."
    yield (
        "Radiomics: IBSI definitions (PyRadiomics' names), original and wavelet images, first order, shape, "
        "GLCM, GLRLM, GLSZM, NGTDM and GLDM; resampling and discretisation as the profiles say."
    )
    profiles = (study.manifest.get("settings") or {}).get("profiles") or {}
    if profiles:
        yield "Feature profiles: " + ", ".join(
            f"{name} (sha256 {str(one)[:12]})" for name, one in profiles.items()
        )


def _statistics(study: Study) -> str:
    threshold = percent(float(study.metrics.get("threshold") or 0.5))
    return (
        "AUC with bootstrap intervals over patients (DeLong's for single sets), DeLong's test between "
        "models, "
        f"calls at a risk of {threshold}, Brier score, calibration slope and intercept, decision curves. "
        "Baseline: "
        "Shapiro and Wilk's and Levene's tests choose between Student's t, Welch's t and Mann-Whitney U; "
        "chi² or "
        "Fisher's exact test. Two-sided, .05."
    )
