"""People beside the model: how often readers are right, and how far they agree."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from models.validation.decision import Confusion, confusion
from models.validation.figures import plain


def cohen_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Give Cohen's kappa of two readings: agreement beyond chance; NaN where both only ever say one thing."""
    a, b = np.asarray(first), np.asarray(second)
    agree = float(np.mean(a == b))
    chance = float(sum(np.mean(a == level) * np.mean(b == level) for level in np.union1d(a, b)))
    return (agree - chance) / (1 - chance) if chance < 1 else float("nan")


def compare_readers(
    outcome: Mapping[str, int], calls: Mapping[str, Mapping[str, int]], model: Mapping[str, float]
) -> dict[str, Any]:
    """Compare readers with the outcome, with each other and with the model on the same patients.

    Parameters
    ----------
    outcome : mapping of str to int
        Patient to 0 or 1.
    calls : mapping of str to mapping
        Reader to patient to call, 0 or 1.
    model : mapping of str to float
        Patient to out-of-fold probability. The model is read at each reader's own share of calls, so that
        neither gains by being freer with them.

    Returns
    -------
    dict
        "readers": one entry each, with the model beside it; "agreement": kappa of each pair of readers.
    """
    entries = [_reader(name, outcome, one, model) for name, one in sorted(calls.items())]
    pairs = [_pair(a, b, calls) for a, b in combinations(sorted(calls), 2)]
    return {"readers": entries, "agreement": pairs}


def _reader(
    name: str, outcome: Mapping[str, int], calls: Mapping[str, int], model: Mapping[str, float]
) -> dict[str, Any]:
    patients = sorted(set(outcome) & set(calls) & set(model))
    truth = np.array([outcome[p] for p in patients])
    call = np.array([calls[p] for p in patients])
    probability = np.array([model[p] for p in patients])
    called = np.zeros(len(patients), dtype=bool)
    called[np.argsort(-probability, kind="stable")[: int(call.sum())]] = True
    beside = _shares(confusion(truth, called)) | {
        "kappa_outcome": plain(cohen_kappa(truth, called.astype(int))),
        "kappa_reader": plain(cohen_kappa(call, called.astype(int))),
        "mcnemar_p": plain(_mcnemar(call == truth, called == truth)),
    }
    own = _shares(confusion(truth, call)) | {"kappa_outcome": plain(cohen_kappa(truth, call))}
    return {"reader": name, "n": len(patients), **own, "model": beside}


def _shares(found: Confusion) -> dict[str, float | None]:
    return {
        "sensitivity": plain(found.sensitivity),
        "specificity": plain(found.specificity),
        "accuracy": plain(found.accuracy),
        "f1": plain(found.f1),
    }


def _mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """Give the exact p value of McNemar's test that two are right equally often."""
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    only_first, only_second = int((a & ~b).sum()), int((~a & b).sum())
    n = only_first + only_second
    return float(binomtest(only_first, n).pvalue) if n else 1.0


def _pair(a: str, b: str, calls: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    patients = sorted(set(calls[a]) & set(calls[b]))
    kappa = cohen_kappa([calls[a][p] for p in patients], [calls[b][p] for p in patients])
    return {"a": a, "b": b, "n": len(patients), "kappa": plain(kappa)}
