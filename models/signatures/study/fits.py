"""One fit of everything: all models on some patients, and what they say of others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.feature_selection import SelectorMixin

from models.signatures.classifiers import BestClassifier
from models.signatures.combined import DL_SIGN, RAD_SIGN, CombinedModel
from models.signatures.harmonise import TakeColumns
from models.signatures.scaling import Components
from models.signatures.study.splits import permuted
from models.validation.folds import Split
from models.validation.results import Result

#: Signature to the model of the same features alone.
SIGNATURES: Final[Mapping[str, str]] = {RAD_SIGN: "radiomics", DL_SIGN: "deep"}


@dataclass(frozen=True, eq=False)
class Fit:
    """Fits every model on the patients that a split trains on.

    Attributes
    ----------
    frame : DataFrame of n rows
        `FeatureTable.frame`, training patients alone.
    outcome : ndarray of int, shape (n,)
    groups : ndarray of str, shape (n,)
    models : mapping of str to estimator
        Unfitted, by kind (`models.signatures.builders.build`).
    """

    frame: pd.DataFrame
    outcome: NDArray[np.int64]
    groups: NDArray[np.str_]
    models: Mapping[str, Any]

    def only(self, model: str) -> "Fit":
        """Give the same with one model alone."""
        return replace(self, models={model: self.models[model]})

    def __call__(self, split: Split) -> Result:
        """Fit, and give JSON of the tested patients' probabilities and of what was chosen."""
        train, test = self.frame.iloc[split.train], self.frame.iloc[split.test]
        fitted = fit_models(self.models, train, self.outcome[split.train], self.groups[split.train])
        return {
            "probability": {model: p.tolist() for model, p in fitted.probabilities(test).items()},
            "classifier": fitted.classifiers,
            "selected": fitted.selected,
        }


@dataclass(frozen=True, eq=False)
class Permuted:
    """The same with the outcome shuffled; a split's `repeat` says which shuffle."""

    fit: Fit
    seed: int

    def __call__(self, split: Split) -> Result:
        """Fit on the shuffled outcome."""
        shuffled = permuted(self.fit.outcome, self.fit.groups, split.repeat, self.seed)
        return replace(self.fit, outcome=shuffled)(split)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Fitted models by kind.

    "radiomics" and "deep" are the combined model's own signatures where there is a combined model: fitting
    them again would give the same.
    """

    models: Mapping[str, Any]

    def probabilities(self, frame: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """Give each model's probabilities, shape (n_rows,)."""
        return {model: one.predict_proba(frame)[:, 1] for model, one in self.models.items()}

    @property
    def classifiers(self) -> dict[str, str]:
        """Name the classifier that each model chose."""
        return {model: classifier_of(one) for model, one in self.models.items()}

    @property
    def selected(self) -> dict[str, list[str]]:
        """Name the features that each signature selected."""
        found = {name: self.models.get(model) for name, model in SIGNATURES.items()}
        return {name: selected_names(one) for name, one in found.items() if one is not None}

    @property
    def variables(self) -> int:
        """Count what the models weigh: each signature's features, and what enters a model directly."""
        direct = max((direct_inputs(one) for one in self.models.values()), default=0)
        return sum(len(names) for names in self.selected.values()) + direct


def fit_models(
    models: Mapping[str, Any], frame: pd.DataFrame, outcome: NDArray[np.int64], groups: NDArray[np.str_]
) -> Fitted:
    """Fit every model, the combined one first."""
    fitted: dict[str, Any] = {}
    combined = models.get("combined")
    if combined is not None:
        fitted["combined"] = clone(combined).fit(frame, outcome, groups=groups)
        inside = {SIGNATURES[name]: one for name, one in fitted["combined"].signatures_}
        fitted |= {model: one for model, one in inside.items() if model in models}
    for model in [model for model in models if model not in fitted]:
        one = clone(models[model])
        grouped = isinstance(one, BestClassifier | CombinedModel)
        fitted[model] = one.fit(frame, outcome, groups=groups) if grouped else one.fit(frame, outcome)
    return Fitted({model: fitted[model] for model in models})


def classifier_of(model: Any) -> str:
    """Name the classifier of a fitted model; the clinical model has no choice."""
    final = model.final_ if isinstance(model, CombinedModel) else model
    return final.name_ if isinstance(final, BestClassifier) else "logistic_regression"


def selected_names(signature: BestClassifier) -> list[str]:
    """Name what a fitted signature's classifier reads, in its order."""
    return names_before(signature.prepare_, None)


def names_before(prepare: Any, step: str | None) -> list[str]:
    """Name what a step of a fitted preparation reads; None: what the whole of it gives."""
    names = np.array([], dtype=object)
    for title, one in prepare.steps:
        if title == step:
            break
        if isinstance(one, TakeColumns):
            names = np.array(one.columns, dtype=object)
        elif isinstance(one, Components):
            names = np.array([f"component {i + 1}" for i in range(one.pca_.n_components_)], dtype=object)
        elif isinstance(one, SelectorMixin):
            names = names[one.get_support()]
    return [str(name) for name in names]


def direct_inputs(model: Any) -> int:
    """Count the clinical variables and measurements that a fitted model weighs; 0 for a signature."""
    if isinstance(model, CombinedModel):
        names = [name for name, _ in model.signatures_] + list(model.direct)
        kept = model.final_.prepare_["screen"].get_support()
        return sum(name in model.direct for name in np.array(names, dtype=object)[kept])
    return 0 if isinstance(model, BestClassifier) else int(model["screen"].get_support().sum())
