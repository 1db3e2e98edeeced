"""From out-of-fold probabilities to metrics.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.signatures.study.estimate import Estimates
from models.signatures.study.settings import Settings
from models.signatures.table import FeatureTable
from models.validation import delong
from models.validation.figures import figures, plain
from models.validation.readers import compare_readers

SCHEMA: Final = 1
MODELS: Final = ("radiomics", "deep", "clinical", "combined")
#: Fewer events per variable than this, and a regression's weights scatter (Peduzzi et al. 1996).
EVENTS_PER_VARIABLE: Final = 10.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Seen:
    """What the final models say.

    Attributes
    ----------
    training : mapping of str to ndarray of shape (n_training,)
        Model to probabilities of the patients it was fitted on.
    external : mapping of str to ndarray of shape (n_external,)
    classifiers : mapping of str to str
    variables : int
        Features and clinical variables that the final models weigh.
    """

    training: Mapping[str, Numbers]
    external: Mapping[str, Numbers]
    classifiers: Mapping[str, str]
    variables: int


def headline_of(models: Sequence[str]) -> str:
    """Name the model that the first page is about: the most complete one."""
    return max(models, key=MODELS.index)


def model_metrics(table: FeatureTable, found: Estimates, seen: Seen, threshold: float) -> dict[str, Any]:
    """Give each model's figures: nested, in-sample, per site left out, external."""
    inside, outside = table.rows(~table.external), table.rows(table.external)
    how: dict[str, Any] = {"threshold": threshold, "groups": inside.groups}
    result: dict[str, Any] = {}
    for model in sorted(found.nested, key=MODELS.index):
        external = None
        if len(outside):
            external = figures(
                outside.outcome, [seen.external[model]], threshold=threshold, groups=outside.groups
            )
        result[model] = {
            "nested": figures(inside.outcome, found.nested[model], **how),
            "in_sample": figures(inside.outcome, [seen.training[model]], **how),
            "classifier": seen.classifiers[model],
            "chosen": dict(found.classifiers[model].most_common()),
            "sites": _sites(inside, found.sites[model]),
            "external": external,
        }
    return result


def comparisons(table: FeatureTable, found: Estimates, seen: Seen) -> list[dict[str, Any]]:
    """Compare the models pair by pair (DeLong), nested and external.

    Nested: the first repeat alone, because the mean of repeats is a model that is not delivered.
    """
    sets: list[tuple[str, NDArray[np.int64], Mapping[str, Numbers]]] = [
        ("nested", table.outcome[~table.external], {m: p[0] for m, p in found.nested.items()})
    ]
    if seen.external:
        sets.append(("external", table.outcome[table.external], seen.external))
    rows = []
    for name, outcome, scores in sets:
        if len(set(outcome.tolist())) < 2:
            continue
        for second, first in combinations(sorted(scores, key=MODELS.index), 2):
            one = delong.compare(outcome, scores[first], scores[second])
            rows.append(
                {
                    "a": first,
                    "b": second,
                    "set": name,
                    "auc_difference": plain(one.difference),
                    "ci": [plain(limit) for limit in one.ci],
                    "z": plain(one.z),
                    "p": plain(one.p),
                }
            )
    return rows


def permutation_test(found: Estimates, observed: float | None) -> dict[str, Any] | None:
    """Give the share of shuffled outcomes whose area reaches the observed one; the outcome itself counts."""
    areas = found.permutation
    if not areas or observed is None:
        return None
    reached = sum(area >= observed for area in areas)
    return {"n": len(areas), "p": round((1 + reached) / (1 + len(areas)), 4), "auc": areas}


def readers_beside(
    table: FeatureTable, found: Estimates, headline: str, calls: Mapping[str, Mapping[str, int]] | None
) -> dict[str, Any] | None:
    """Compare readers with the headline model's out-of-fold probabilities (the first repeat)."""
    if not calls:
        return None
    inside = table.rows(~table.external)
    outcome = dict(zip(inside.patients, inside.outcome.tolist(), strict=True))
    model = dict(zip(inside.patients, found.nested[headline][0].tolist(), strict=True))
    return compare_readers(outcome, calls, model)


def study_metrics(
    table: FeatureTable,
    found: Estimates,
    seen: Seen,
    settings: Settings,
    *,
    threshold: float,
    calls: Mapping[str, Mapping[str, int]] | None,
) -> dict[str, Any]:
    """Put metrics.json together, without the paper's recipe.

    Parameters
    ----------
    table : FeatureTable
        Training and external patients.
    found : Estimates
    seen : Seen
    settings : Settings
    threshold : float
    calls : mapping, optional
        Reader to patient to call.
    """
    inside = table.rows(~table.external)
    models = model_metrics(table, found, seen, threshold)
    headline = headline_of(list(models))
    events = int(inside.outcome.sum())
    rarer = min(events, len(inside) - events)
    per_variable = rarer / max(seen.variables, 1)
    return {
        "schema": SCHEMA,
        "predictor": table.description.name,
        "title": table.description.title,
        "recipe": settings.recipe,
        "optimistic": settings.recipe == "paper",
        "outcome": _outcome(table),
        "n": len(inside),
        "events": events,
        "sites": _site_counts(inside),
        "seed": settings.seed,
        "folds": settings.folds,
        "repeats": settings.repeats,
        "threshold": round(threshold, 6),
        "nested": {key: models[headline]["nested"][key] for key in ("auc", "auc_ci")},
        "headline": headline,
        "models": models,
        "comparisons": comparisons(table, found, seen),
        "permutation": permutation_test(found, models[headline]["nested"]["auc"]),
        "learning_curve": found.learning,
        "readers": readers_beside(table, found, headline, calls),
        "events_per_variable": round(per_variable, 2),
        "warnings": [*table.warnings, *_cautions(per_variable, rarer), *found.warnings],
    }


def predictions(table: FeatureTable, found: Estimates, seen: Seen) -> pd.DataFrame:
    """Give every probability as a row: patient, site, outcome, set, model, repeat, probability."""
    inside, outside = table.rows(~table.external), table.rows(table.external)
    parts = []
    for model, repeats in found.nested.items():
        parts += [rows_of(inside, "nested", model, i, p) for i, p in enumerate(repeats)]
        parts.append(rows_of(inside, "in_sample", model, 0, seen.training[model]))
        parts.append(rows_of(inside, "site", model, 0, found.sites[model]))
        if len(outside):
            parts.append(rows_of(outside, "external", model, 0, seen.external[model]))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def rows_of(table: FeatureTable, set_: str, model: str, repeat: int, probability: Numbers) -> pd.DataFrame:
    """Give one row per patient with a probability."""
    whole = pd.DataFrame(
        {
            "patient": table.patients,
            "site": table.sites,
            "outcome": table.outcome,
            "set": set_,
            "model": model,
            "repeat": repeat,
            "probability": probability,
        }
    )
    return whole[np.isfinite(probability)]


def _sites(table: FeatureTable, left_out: Numbers) -> dict[str, Any]:
    """Give each site's figures from fits that did not see it."""
    found: dict[str, Any] = {}
    for site in sorted(set(table.sites.tolist()) - {""}):
        rows = (table.sites == site) & np.isfinite(left_out)
        outcome, p = table.outcome[rows], left_out[rows]
        if not len(outcome):
            continue
        area = plain(delong.auc(outcome, p))
        ci = None if area is None else [plain(limit) for limit in delong.auc_interval(outcome, p)]
        found[site] = {"n": len(outcome), "events": int(outcome.sum()), "auc": area, "auc_ci": ci}
    return found


def _site_counts(table: FeatureTable) -> dict[str, Any]:
    names = sorted(set(table.sites.tolist()) - {""})
    outcomes = {name: table.outcome[table.sites == name] for name in names}
    return {name: {"n": len(one), "events": int(one.sum())} for name, one in outcomes.items()}


def _outcome(table: FeatureTable) -> dict[str, Any]:
    outcome = table.description.outcome
    cutoff = outcome.cutoff.model_dump() if outcome.cutoff else None
    return {
        "column": outcome.column,
        "positive": outcome.positive,
        "definition": outcome.definition,
        "mode": outcome.mode,
        "cutoff": cutoff,
    }


def _cautions(per_variable: float, rarer: int) -> list[str]:
    said = []
    if per_variable < EVENTS_PER_VARIABLE:
        said.append(
            f"{per_variable:.1f} patients of the rarer class per weighted variable: below "
            f"{EVENTS_PER_VARIABLE:.0f} the weights scatter from sample to sample"
        )
    if rarer < 100:
        said.append(
            f"{rarer} patients of the rarer class: calibration and intervals rest on few (100 are wanted)"
        )
    return said
