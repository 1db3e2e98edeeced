"""A fitted model reduced to what an answer needs: no training patient's value, no feature it does not weigh.

What stays of a support vector machine are its support vectors: selected, scaled features of training
patients without a name. They are part of that model; a site that must not give them away allows other
classifiers in its recipe.
"""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline

from models.signatures.classifiers import BestClassifier
from models.signatures.combined import CombinedModel
from models.signatures.harmonise import TakeColumns
from models.signatures.scaling import Clip, Components, MeanStandard, RobustStandard


def compacted(model: Any) -> Any:
    """Give a model that answers as before and holds no more than that needs.

    Parameters
    ----------
    model : CombinedModel, BestClassifier or Pipeline
        Fitted (`models.signatures.builders`).
    """
    if isinstance(model, CombinedModel):
        small = CombinedModel([], model.direct, BestClassifier())
        small.classes_, small.n_features_in_ = model.classes_, model.n_features_in_
        small.signatures_ = [(name, compacted(one)) for name, one in model.signatures_]
        small.final_ = compacted(model.final_)
        return small
    if isinstance(model, BestClassifier):
        small = BestClassifier(None, model.classifiers, model.folds, model.rule, model.seed)
        for name in ("classes_", "n_features_in_", "name_", "setting_", "scores_", "classifier_"):
            setattr(small, name, getattr(model, name))
        small.out_of_fold_ = None
        small.prepare_ = _prepare(model.prepare_)
        return small
    return model


def names_of(prepare: Pipeline | None, inputs: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Name what a fitted preparation gives; components have no names that say anything, and give ().

    Parameters
    ----------
    prepare : Pipeline or None
    inputs : tuple of str
        What goes in, where the preparation does not take its columns by name.
    """
    names = np.array(inputs, dtype=object)
    for _, step in [] if prepare is None else prepare.steps:
        if isinstance(step, TakeColumns):
            names = np.array(step.columns, dtype=object)
        elif isinstance(step, Components):
            return ()
        elif isinstance(step, SelectorMixin):
            names = names[step.get_support()]
    return tuple(map(str, names))


def _prepare(prepare: Pipeline | None) -> Pipeline | None:
    """Leave the selection out of a preparation by taking the selected columns from the start."""
    if prepare is None:
        return None
    steps = [step for _, step in prepare.steps]
    if any(isinstance(step, Components) for step in steps) or not isinstance(steps[0], TakeColumns):
        return prepare
    places = np.arange(len(steps[0].columns))
    for step in steps:
        if isinstance(step, SelectorMixin):
            places = places[step.get_support()]
    kept = [(name, _restricted(step, places)) for name, step in prepare.steps]
    return Pipeline([(name, step) for name, step in kept if step is not None])


def _restricted(step: Any, places: NDArray[np.int64]) -> Any:
    if isinstance(step, TakeColumns):
        return step.restricted(places)
    if isinstance(step, SelectorMixin):
        return None
    small = copy(step)
    small.n_features_in_ = len(places)
    if isinstance(step, RobustStandard | MeanStandard):
        small.center_, small.scale_ = step.center_[places], step.scale_[places]
    elif not isinstance(step, Clip):
        raise TypeError(f"{type(step).__name__} cannot be restricted to some columns")
    return small
