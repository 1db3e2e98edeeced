"""The study of one variant: estimate, final models, the papers' recipe beside them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.signatures.builders import build, kinds_in
from models.signatures.regression import Effect, multivariable, univariable
from models.signatures.study.estimate import estimate, together
from models.signatures.study.fits import Fit, Fitted, fit_models
from models.signatures.study.measure import Seen, headline_of, predictions, rows_of, study_metrics
from models.signatures.study.paper import paper_recipe
from models.signatures.study.paths import selection
from models.signatures.study.settings import Settings
from models.signatures.study.splits import plan_of
from models.signatures.study.variants import Trainable
from models.signatures.table import FeatureTable
from models.validation.figures import figures, plain
from models.validation.parallel import run
from models.validation.results import Results

Progress = Callable[[str], None]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Study:
    """What a variant's training gave.

    Attributes
    ----------
    variant : Trainable
    fitted : Fitted
        The models to keep, fitted on all training patients.
    metrics, selection : mapping
        Contents of metrics.json and selection.json.
    predictions : DataFrame
    out_of_fold : ndarray of shape (n_training,)
        The headline model's probabilities of patients that it had not seen (the first repeat).
    """

    variant: Trainable
    fitted: Fitted
    metrics: dict[str, Any]
    selection: dict[str, Any]
    predictions: pd.DataFrame
    out_of_fold: Numbers


def fit_of(variant: Trainable, seed: int, stable: Collection[str] | None) -> Fit:
    """Build every model that the variant's table can give."""
    table = variant.training
    description, columns = table.description, table.columns
    models: dict[str, Any] = {
        kind: build(description, kind, columns, seed=seed, variant=variant.plan, stable=stable)
        for kind in kinds_in(description, columns, variant.plan)
    }
    return Fit(table.frame, table.outcome, table.groups, models)


def study(
    variant: Trainable,
    settings: Settings,
    results: Results,
    *,
    stable: Collection[str] | None = None,
    calls: Mapping[str, Mapping[str, int]] | None = None,
    progress: Progress = lambda _: None,
) -> Study:
    """Estimate, fit and measure.

    Parameters
    ----------
    variant : Trainable
    settings : Settings
    results : Results
        Finished fits; an interrupted study goes on from them.
    stable : collection of str, optional
        Features that keep their values under small changes.
    calls : mapping, optional
        Reader to patient to call.
    progress : callable
        Gets a line now and then.
    """
    fit, table = fit_of(variant, settings.seed, stable), variant.training
    settings = settings.with_permutations(table.features.shape[1])
    plan = plan_of(table.outcome, table.groups, table.sites, settings)
    headline = headline_of(list(fit.models))
    found = estimate(fit, plan, settings, results=results, headline=headline, progress=progress)
    progress("fitting the models to keep on all training patients")
    fitted = final_models(fit)
    seen = _seen(fitted, fit, variant)
    threshold = settings.threshold or float(table.outcome.mean())
    metrics = study_metrics(variant.table, found, seen, settings, threshold=threshold, calls=calls)
    if "clinical" in fit.models:
        metrics["models"]["clinical"] |= _regressions(table)
    rows = predictions(variant.table, found, seen)
    if settings.recipe == "paper":
        rows = _with_paper(rows, fit, table, metrics, settings)
    chosen = selection(fitted, fit.frame, fit.outcome, found.selected)
    return Study(variant, fitted, metrics, chosen, rows, found.nested[headline][0])


def final_models(fit: Fit) -> Fitted:
    """Fit every model on all patients, with one thread as in the estimate."""
    with threadpool_limits(1):
        return fit_models(fit.models, fit.frame, fit.outcome, fit.groups)


def short_estimate(
    variant: Trainable,
    settings: Settings,
    results: Results,
    *,
    stable: Collection[str] | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Fitted, dict[str, Any], Numbers]:
    """Measure a further variant by the first repeat alone, its headline model only; and fit it.

    Returns
    -------
    fitted : Fitted
    metrics : dict
    out_of_fold : ndarray of shape (n_training,)
    """
    whole, table = fit_of(variant, settings.seed, stable), variant.training
    headline = headline_of(list(whole.models))
    fit = whole.only(headline)
    once = replace(settings, repeats=1, learning=(), permutations=0)
    plan = plan_of(table.outcome, table.groups, table.sites, once)
    title = f"variant {variant.plan.name}, nested fit"
    found = run(fit, plan.nested, results, jobs=settings.jobs, progress=progress, title=title)
    p = together(len(table), plan.nested, found, headline)
    threshold = settings.threshold or float(table.outcome.mean())
    nested = figures(table.outcome, [p], threshold=threshold, groups=table.groups)
    counts = {"n": len(table), "events": int(table.outcome.sum()), "headline": headline}
    return final_models(whole), {**counts, "nested": nested}, p


def _seen(fitted: Fitted, fit: Fit, variant: Trainable) -> Seen:
    table = variant.table
    outside = table.rows(table.external)
    return Seen(
        training=fitted.probabilities(fit.frame),
        external=fitted.probabilities(outside.frame) if len(outside) else {},
        classifiers=fitted.classifiers,
        variables=fitted.variables,
    )


def _regressions(table: FeatureTable) -> dict[str, Any]:
    """Give the odds ratios of the clinical variables, one by one and together."""
    columns = list(table.encoded.columns)
    values = table.encoded.to_numpy()
    return {
        "univariable": [_effect(one) for one in univariable(values, table.outcome, columns)],
        "multivariable": [_effect(one) for one in multivariable(values, table.outcome, columns)],
    }


def _effect(one: Effect) -> dict[str, Any]:
    return {
        "variable": one.column,
        "odds_ratio": plain(one.odds_ratio),
        "ci": [plain(one.low), plain(one.high)],
        "p": plain(one.p),
        "p_variable": plain(one.p_variable),
    }


def _with_paper(
    rows: pd.DataFrame, fit: Fit, table: FeatureTable, metrics: dict[str, Any], settings: Settings
) -> pd.DataFrame:
    """Add the papers' recipe to the metrics, and give the predictions with its own."""
    found = paper_recipe(fit, settings.seed)
    for model, one in found.metrics(fit, metrics["threshold"]).items():
        metrics["models"][model]["paper"] = one
    own = [rows_of(table, "paper", model, 0, found.rows(model)) for model in found.probability]
    return pd.concat([rows, *own], ignore_index=True)
