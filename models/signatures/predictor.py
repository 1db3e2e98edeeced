"""A fitted predictor and what it says of one patient."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.manifest import Manifest
from models.signatures.classifiers import BestClassifier
from models.signatures.combined import CombinedModel
from models.signatures.conformal import ConformalSets
from models.signatures.description import Description
from models.signatures.explain import explain
from models.signatures.harmonise import SCANNER, Harmonise
from models.signatures.ood import Novelty
from models.signatures.recalibrate import Recalibration
from models.signatures.scaling import Clip, Components


@dataclass(frozen=True)
class Estimate:
    """What a variant says about one patient.

    Attributes
    ----------
    probability : float
    signatures : mapping of str to float
        Name to the signature's own probability.
    terms : mapping of str to float
        Column or signature name to what it added to the log-odds.
    baseline : float
        Log-odds without any term: the typical training patient's.
    out_of_range : float
        Share of the radiomics features that the model weighs that lie beyond the training patients' range.
    exact : bool
        Whether baseline and terms add up (`models.signatures.explain.Explanation`).
    classes : tuple of int, or None
        Conformal set: the classes that cannot be ruled out; None where it was not measured.
    novelty : float or None
        Squared distance to the training patients in units of its limit: above 1 is out of distribution.
    unseen : tuple of str
        Roles whose scanner was not among the training's.
    """

    probability: float
    signatures: Mapping[str, float]
    terms: Mapping[str, float]
    baseline: float
    out_of_range: float
    exact: bool = True
    classes: tuple[int, ...] | None = None
    novelty: float | None = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Variant:
    """The model for one availability pattern.

    Attributes
    ----------
    name : str
    blocks, measurements : tuple of str
        What must be there, as in `description.VariantPlan`.
    columns : tuple of str
        What the model was trained with; it may weigh only some of them.
    model : CombinedModel, BestClassifier or Pipeline
    novelty : Novelty, optional
        Of what the signatures' classifiers read (`signature_inputs`).
    conformal : ConformalSets, optional
    recalibration : Recalibration
    """

    name: str
    blocks: tuple[str, ...]
    measurements: tuple[str, ...]
    columns: tuple[str, ...]
    model: Any
    novelty: Novelty | None = None
    conformal: ConformalSets | None = None
    recalibration: Recalibration = field(default_factory=Recalibration)

    def frame(self, row: Mapping[str, float], scanners: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Put one patient's named numbers and scanners (by role) into a data frame; missing ones are NaN."""
        numbers = np.array([[row.get(name, np.nan) for name in self.columns]], dtype=np.float64)
        told = {SCANNER + role: [name] for role, name in (scanners or {}).items()}
        return pd.concat([pd.DataFrame(numbers, columns=list(self.columns)), pd.DataFrame(told)], axis=1)

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Give recalibrated probabilities, shape (n_rows,)."""
        return self.recalibration.apply(np.asarray(self.model.predict_proba(frame)[:, 1]))

    def estimate(self, row: Mapping[str, float], scanners: Mapping[str, str] | None = None) -> Estimate:
        """Estimate one patient's probability from named numbers; a missing one counts as typical.

        Parameters
        ----------
        row : mapping of str to float
            Features by key, clinical columns as the description encodes them.
        scanners : mapping of str to str, optional
            Role to "manufacturer|model|field strength or kVp".
        """
        x = self.frame(row, scanners)
        why, again = explain(self.model, x), self.recalibration
        probability = float(self.probabilities(x)[0])
        combined = isinstance(self.model, CombinedModel)
        inputs = signature_inputs(self.model, x)
        return Estimate(
            probability=probability,
            signatures={n: float(p[0]) for n, p in self.model.signature_proba(x).items()} if combined else {},
            terms={name: again.slope * value for name, value in why.terms.items()},
            baseline=again.intercept + again.slope * why.baseline,
            out_of_range=_out_of_range(self.model, x),
            exact=why.exact,
            classes=None if self.conformal is None else self.conformal.classes(probability),
            novelty=None if self.novelty is None or inputs is None else float(self.novelty.score(inputs)[0]),
            unseen=_unseen(self.model, x),
        )


@dataclass(frozen=True, eq=False)
class TrainedPredictor:
    """Everything needed to answer for one target.

    `thresholds` are the probabilities from which a risk is "moderate" and "high", and the share of inputs
    out of range from which it is "uncertain".
    """

    description: Description
    variants: tuple[Variant, ...]
    demonstration: bool
    manifest: Manifest

    @property
    def target(self) -> str:
        """The predictor's name."""
        return self.description.name

    @property
    def required_clinical(self) -> tuple[str, ...]:
        """Clinical variables without which there is no answer."""
        return self.description.required_clinical

    @property
    def optional_clinical(self) -> tuple[str, ...]:
        """Clinical variables that may be missing."""
        return self.description.optional_clinical

    @property
    def needs_levels(self) -> bool:
        """Whether the lumbar levels must have been numbered."""
        return self.description.needs_levels

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Thresholds by name: the manifest's, which a site may have set anew, before the description's."""
        return {**self.description.thresholds.model_dump(), **self.manifest.settings.get("thresholds", {})}


def signatures_of(model: Any) -> list[BestClassifier]:
    """Give a model's fitted signatures; none of a clinical model."""
    if isinstance(model, CombinedModel):
        return [one for _, one in model.signatures_]
    return [model] if isinstance(model, BestClassifier) else []


def signature_inputs(model: Any, x: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Give what the signatures' classifiers read, shape (n_rows, n_selected): where novelty is measured."""
    parts = [signature.prepared(x) for signature in signatures_of(model)]
    return np.hstack(parts) if parts else None


def _out_of_range(model: Any, x: pd.DataFrame) -> float:
    """Only inputs with a name of their own are judged: a deep feature's range says nothing to anyone."""
    shares = [0.0]
    for signature in signatures_of(model):
        steps = [step for _, step in signature.prepare_.steps]
        if not any(isinstance(step, Components) for step in steps):
            limit = next(step.limit for step in steps if isinstance(step, Clip))
            shares.append(float((np.abs(signature.prepared(x)[0]) >= limit).mean()))
    return max(shares)


def _unseen(model: Any, x: pd.DataFrame) -> tuple[str, ...]:
    first = [signature.prepare_.steps[0][1] for signature in signatures_of(model)]
    roles = [role for step in first if isinstance(step, Harmonise) for role in step.unseen(x)[0]]
    return tuple(dict.fromkeys(roles))
