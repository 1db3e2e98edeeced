"""Run every fit of a study and put the out-of-fold probabilities together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.signatures.study.fits import Fit, Permuted
from models.signatures.study.settings import Settings
from models.signatures.study.splits import Plan, permuted
from models.validation import delong
from models.validation.folds import Split
from models.validation.parallel import WARNINGS, Progress, run
from models.validation.results import Result, Results

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """What the fits gave, for the n training patients.

    Attributes
    ----------
    nested : mapping of str to list of ndarray of shape (n,)
        Model to out-of-fold probabilities, one array per repeat.
    sites : mapping of str to ndarray of shape (n,)
        Model to probabilities from fits without the patient's site; NaN where there is none.
    classifiers : mapping of str to Counter
        Model to how often each classifier was chosen in the nested fits.
    selected : mapping of str to mapping
        Signature to feature to the share of nested fits that selected it.
    learning : list of dict
        `n`, `auc`, `sd` over folds.
    permutation : list of float
        Area of the headline model for each shuffled outcome.
    warnings : tuple of str
        What the fits warned of, and how often.
    """

    nested: Mapping[str, list[Numbers]]
    sites: Mapping[str, Numbers]
    classifiers: Mapping[str, Counter[str]]
    selected: Mapping[str, Mapping[str, float]]
    learning: list[dict[str, float]]
    permutation: list[float]
    warnings: tuple[str, ...]


def estimate(
    fit: Fit, plan: Plan, settings: Settings, *, results: Results, headline: str, progress: Progress
) -> Estimates:
    """Do what has no result yet, and put everything together.

    Parameters
    ----------
    fit : Fit
        Fits every model on some training patients.
    plan : Plan
    settings : Settings
    results : Results
    headline : str
        Model of the learning curve and the permutation test.
    progress : callable
    """
    n = len(fit.outcome)

    def done(work: Any, splits: Sequence[Split], title: str) -> list[Result]:
        return run(work, splits, results, jobs=settings.jobs, progress=progress, title=title)

    nested = done(fit, plan.nested, "nested fit")
    sites = done(fit, plan.sites, "site left out")
    learning = done(fit.only(headline), [s for share in plan.learning for s in share], "learning curve")
    shuffled = done(Permuted(fit.only(headline), settings.seed), plan.permutations, "permutation fit")
    return Estimates(
        nested={
            model: [together(n, plan.nested, nested, model, repeat) for repeat in range(settings.repeats)]
            for model in nested[0]["probability"]
        },
        sites={model: together(n, plan.sites, sites, model) for model in nested[0]["probability"]},
        classifiers=_counted(nested),
        selected=_frequency(nested),
        learning=_curve(fit.outcome, plan, nested, learning, headline),
        permutation=_areas(fit, plan.permutations, shuffled, settings, headline),
        warnings=_said([*nested, *sites]),
    )


def together(
    n: int, splits: Sequence[Split], found: Sequence[Result], model: str, repeat: int | None = None
) -> Numbers:
    """Put the tested patients' probabilities into one array of shape (n,); NaN where there is none."""
    whole = np.full(n, np.nan)
    for split, result in zip(splits, found, strict=True):
        if repeat is None or split.repeat == repeat:
            whole[split.test] = result["probability"][model]
    return whole


def _counted(found: Sequence[Result]) -> dict[str, Counter[str]]:
    models = found[0]["classifier"]
    return {model: Counter(result["classifier"][model] for result in found) for model in models}


def _frequency(found: Sequence[Result]) -> dict[str, dict[str, float]]:
    shares: dict[str, dict[str, float]] = {}
    for name in found[0]["selected"]:
        counts = Counter(feature for result in found for feature in result["selected"][name])
        shares[name] = {feature: count / len(found) for feature, count in counts.most_common()}
    return shares


def _curve(
    outcome: NDArray[np.int64], plan: Plan, nested: Sequence[Result], learning: Sequence[Result], model: str
) -> list[dict[str, float]]:
    """Give mean and SD over folds of the area, for each number of training patients."""
    if not plan.learning:
        return []
    left = iter(learning)
    points = [_point(outcome, [(split, next(left)) for split in share], model) for share in plan.learning]
    whole = [(split, result) for split, result in zip(plan.nested, nested, strict=True) if split.repeat == 0]
    return [*points, _point(outcome, whole, model)]


def _point(outcome: NDArray[np.int64], fits: Sequence[tuple[Split, Result]], model: str) -> dict[str, float]:
    areas = [delong.auc(outcome[split.test], result["probability"][model]) for split, result in fits]
    size = float(np.mean([len(split.train) for split, _ in fits]))
    return {
        "n": round(size),
        "auc": round(float(np.nanmean(areas)), 4),
        "sd": round(float(np.nanstd(areas)), 4),
    }


def _areas(
    fit: Fit, splits: Sequence[Split], found: Sequence[Result], settings: Settings, model: str
) -> list[float]:
    areas = []
    for number in range(settings.permutations or 0):
        own = [place for place, split in enumerate(splits) if split.repeat == number]
        scores = together(len(fit.outcome), [splits[i] for i in own], [found[i] for i in own], model)
        shuffled = permuted(fit.outcome, fit.groups, number, settings.seed)
        areas.append(round(delong.auc(shuffled, scores), 4))
    return areas


def _said(found: Sequence[Result]) -> tuple[str, ...]:
    counts = Counter(text for result in found for text in result[WARNINGS])
    return tuple(f"{text} (in {count} of {len(found)} fits)" for text, count in counts.most_common())
