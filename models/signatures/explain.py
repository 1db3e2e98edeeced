"""What each input added to one patient's log-odds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from models.signatures.fusion import FusedModel

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """Log-odds = baseline + sum of terms; exact where a signature is linear, else it is one term.

    Attributes
    ----------
    baseline : float
    columns : dict of int to float
        Index of X to its term, for the inputs of linear signatures and the direct variables.
    signatures : dict of str to float
        Name to term, for the signatures that are not spelt out input by input.
    """

    baseline: float
    columns: dict[int, float]
    signatures: dict[str, float]


def explain(model: FusedModel, x: Matrix) -> Explanation:
    """Take one patient's prediction apart.

    Parameters
    ----------
    model : FusedModel
    x : ndarray of shape (1, n_features)
    """
    final = model.final_
    scale, weights = final["scale"], final["classify"].coef_[0]
    inputs = final["impute"].transform(model.final_inputs(x))  # (1, signatures + direct)
    terms = weights * scale.transform(inputs)[0]
    baseline = float(final["classify"].intercept_[0])
    columns: dict[int, float] = {}
    signatures: dict[str, float] = {}
    for position, (name, signature, indices) in enumerate(model.signatures_):
        if not spelt_out(signature):
            signatures[name] = float(terms[position])
            continue
        factor = weights[position] / scale.scale_[position]
        parts = _linear_terms(signature, x[:, indices])
        columns |= {indices[i]: float(factor * part) for i, part in parts.items()}
        baseline += float(terms[position] - factor * sum(parts.values()))
    first = len(model.signatures_)
    columns |= {index: float(terms[first + i]) for i, index in enumerate(model.direct)}
    return Explanation(baseline, columns, signatures)


def spelt_out(signature: Pipeline) -> bool:
    """Whether the signature is a weighted sum of its own inputs (a PCA's components name nothing)."""
    return "reduce" not in signature.named_steps and hasattr(signature["classify"], "coef_")


def selected(signature: Pipeline) -> NDArray[np.int64]:
    """Give the indices of the signature's inputs that survived the selection."""
    indices = np.arange(signature.n_features_in_)
    for step in signature["select"]:
        indices = indices[step.get_support()]
    return indices


def standardised(signature: Pipeline, x: Matrix) -> Matrix:
    """Give the inputs in units of the training spread, clipped; shape of x."""
    return np.asarray(signature["standardise"].transform(x), dtype=np.float64)


def _linear_terms(signature: Pipeline, x: Matrix) -> dict[int, float]:
    z = standardised(signature, x)[0]
    weights = signature["classify"].coef_[0]
    return {int(i): float(w * z[i]) for i, w in zip(selected(signature), weights, strict=True)}
