"""The papers' recipe, for comparison: features chosen with the patients that then judge them.

Zou et al. 2025: selection on all training data, signatures as the fitted models give them (in-sample), the
best of 14 classifiers by 10-fold cross-validation after the selection, training and internal validation 7:3.
Every figure of it is optimistic; on pure noise too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from models.signatures.classifiers import BestClassifier
from models.signatures.combined import CombinedModel, log_odds
from models.signatures.study.fits import SIGNATURES, Fit
from models.validation.figures import figures

Numbers = NDArray[np.float64]

_FOLDS: Final = 10
_ALPHA: Final = 0.05  # p above which a clinical variable is dropped
NOTE: Final = (
    "optimistic: features and signatures were chosen with the very patients that these figures come from"
)


@dataclass(frozen=True, eq=False)
class PaperRecipe:
    """What the papers' recipe says of the n training patients.

    Attributes
    ----------
    probability : mapping of str to ndarray of shape (n,)
        By model.
    validation : ndarray of bool, shape (n,)
        The 30 % of "internal validation"; the classifiers were fitted on the others, the features chosen on
        all.
    """

    probability: Mapping[str, Numbers]
    validation: NDArray[np.bool_]

    def metrics(self, fit: Fit, threshold: float) -> dict[str, dict[str, Any]]:
        """Give each model's internal validation figures, and beside them those of the training part."""
        return {
            model: {
                **_figures(fit, p, self.validation, threshold),
                "set": "internal validation",
                "training": _figures(fit, p, ~self.validation, threshold),
                "note": NOTE,
            }
            for model, p in self.probability.items()
        }

    def rows(self, model: str) -> Numbers:
        """Give the probabilities of the internal validation, NaN for the others; shape (n,)."""
        return np.where(self.validation, self.probability[model], np.nan)


def paper_recipe(fit: Fit, seed: int) -> PaperRecipe:
    """Follow the papers' recipe.

    Parameters
    ----------
    fit : Fit
        Its models say which features and classifiers there are.
    seed : int
    """
    validation = internal_validation(fit.outcome, fit.groups, seed)
    found: dict[str, Numbers] = {}
    with threadpool_limits(1):
        for model in SIGNATURES.values():
            if model in fit.models:
                found[model] = _signature(fit.models[model], fit, ~validation)
        if "clinical" in fit.models:
            one = clone(fit.models["clinical"]).fit(fit.frame, fit.outcome)
            found["clinical"] = one.predict_proba(fit.frame)[:, 1]
        if "combined" in fit.models:
            found["combined"] = _combined(fit.models["combined"], found, fit, ~validation)
    return PaperRecipe(found, validation)


def internal_validation(outcome: NDArray[np.int64], groups: NDArray[np.str_], seed: int) -> NDArray[np.bool_]:
    """Choose 3 of 10 stratified parts of the patients."""
    parts = min(_FOLDS, *(len(np.unique(groups[outcome == value])) for value in (0, 1)))
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    chosen = np.zeros(len(outcome), dtype=bool)
    for number, (_, test) in enumerate(splitter.split(outcome, outcome, groups)):
        chosen[test] = number < round(0.3 * parts)
    return chosen


def _signature(model: BestClassifier, fit: Fit, train: NDArray[np.bool_]) -> Numbers:
    """Choose the features on everybody, then the classifier on the training part."""
    prepare = clone(model.prepare).set_params(lasso__keep_all=False)
    values = prepare.fit(fit.frame, fit.outcome).transform(fit.frame)
    return _best(model, values, fit, train)


def _combined(
    model: CombinedModel, found: Mapping[str, Numbers], fit: Fit, train: NDArray[np.bool_]
) -> Numbers:
    """Join the signatures as the fitted models gave them, not out of fold."""
    signatures = [log_odds(found[SIGNATURES[name]]) for name, _ in model.signatures]
    direct = fit.frame[list(model.direct)].to_numpy(dtype=np.float64)
    joined = np.column_stack([*signatures, direct])
    prepare = clone(model.final.prepare).set_params(screen__alpha=_ALPHA)
    values = prepare.fit(joined, fit.outcome).transform(joined)
    return _best(model.final, values, fit, train)


def _best(model: BestClassifier, values: Any, fit: Fit, train: NDArray[np.bool_]) -> Numbers:
    """Fit the best of the classifiers by 10-fold cross-validation of what is already chosen."""
    inputs = np.asarray(values, dtype=np.float64)
    best = BestClassifier(None, model.classifiers, _FOLDS, "best", model.seed)
    best.fit(inputs[train], fit.outcome[train], groups=fit.groups[train])
    return np.asarray(best.predict_proba(inputs)[:, 1], dtype=np.float64)


def _figures(fit: Fit, p: Numbers, rows: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    return figures(fit.outcome[rows], [p[rows]], threshold=threshold, groups=fit.groups[rows])
