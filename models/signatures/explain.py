"""What each input added to one patient's log-odds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from models.signatures.classifiers import BestClassifier
from models.signatures.combined import CombinedModel, log_odds
from models.signatures.compact import names_of

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """Where a patient's log-odds come from.

    Attributes
    ----------
    baseline : float
        Log-odds without any term: the typical training patient's.
    terms : dict of str to float
        Column, or name of a signature that is not spelt out input by input, to what it added.
    exact : bool
        True where the model is linear: log-odds = baseline + sum of terms. Else a term is by how much the
        log-odds fall when this one input is put to the training patients' mean (single-input ablation); such
        terms leave out what inputs do together, and do not add up.
    """

    baseline: float
    terms: dict[str, float]
    exact: bool


def explain(model: Any, x: pd.DataFrame) -> Explanation:
    """Take one patient's prediction apart.

    Parameters
    ----------
    model : CombinedModel, BestClassifier or Pipeline
        Fitted (`models.signatures.builders`).
    x : DataFrame of one row
    """
    if isinstance(model, CombinedModel):
        return _combined(model, x)
    if isinstance(model, Pipeline):
        return _linear(model["classify"], model[:-1].transform(x)[0], names_of(model[:-1]))
    names = names_of(model.prepare_)
    return _taken_apart(model.classifier_, model.prepared(x)[0], names)


def spelt_out(signature: BestClassifier) -> bool:
    """Whether the signature is a weighted sum of its own inputs (a PCA's components name nothing)."""
    return isinstance(signature.classifier_, LogisticRegression) and bool(names_of(signature.prepare_))


def _combined(model: CombinedModel, x: pd.DataFrame) -> Explanation:
    final = model.final_
    inputs = (*(name for name, _ in model.signatures_), *model.direct)
    whole = _taken_apart(
        final.classifier_, final.prepared(model.final_inputs(x))[0], names_of(final.prepare_, inputs)
    )
    if not whole.exact:
        return whole
    baseline, terms = whole.baseline, dict(whole.terms)
    for position, (name, signature) in enumerate(model.signatures_):
        if name not in terms or not spelt_out(signature):
            continue
        factor = _per_log_odd(model, position, name)
        parts = explain(signature, x).terms
        # what the signature adds by being other than typical is spread over its inputs, the rest is baseline
        baseline += terms.pop(name) - factor * sum(parts.values())
        terms |= {column: factor * part for column, part in parts.items()}
    return Explanation(baseline, terms, exact=True)


def _per_log_odd(model: CombinedModel, position: int, name: str) -> float:
    """By how much the combined log-odds rise with those of a signature."""
    inputs = (*(one for one, _ in model.signatures_), *model.direct)
    kept = names_of(model.final_.prepare_, inputs)
    at = kept.index(name)
    return float(model.final_.classifier_.coef_[0][at] / model.final_.prepare_["standardise"].scale_[at])


def _taken_apart(classifier: Any, z: Matrix, names: tuple[str, ...]) -> Explanation:
    names = names or tuple(f"component {i + 1}" for i in range(len(z)))
    if isinstance(classifier, LogisticRegression):
        return _linear(classifier, z, names)
    typical = np.zeros_like(z)  # standardised inputs: 0 is the training patients' mean or median
    without = np.where(np.eye(len(z), dtype=bool), typical, z)
    odds = log_odds(classifier.predict_proba(np.vstack([typical, z, without]))[:, 1])
    terms = {name: float(odds[1] - one) for name, one in zip(names, odds[2:], strict=True)}
    return Explanation(float(odds[0]), terms, exact=False)


def _linear(classifier: LogisticRegression, z: Matrix, names: tuple[str, ...]) -> Explanation:
    terms = {name: float(w * v) for name, w, v in zip(names, classifier.coef_[0], z, strict=True)}
    return Explanation(float(classifier.intercept_[0]), terms, exact=True)
