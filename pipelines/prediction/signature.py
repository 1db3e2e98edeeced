"""The built-in predictors: a trained signature model behind declared minimum inputs."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from models.manifest import ManifestError
from models.signatures.harmonise import SCANNER
from models.signatures.levels import adjacent_row
from models.signatures.package import load_predictor
from models.signatures.predictor import Estimate, TrainedPredictor
from pipelines.clinical import validate
from pipelines.errors import ModelError
from pipelines.features.radiomics import PROFILES
from pipelines.features.scanners import scanner_row
from pipelines.features.table import feature_row
from pipelines.prediction.requirements import Inputs, choose
from pipelines.readable import role_name, term_name
from pipelines.types import Contribution, Finding, ModelIdentity, Prediction, Role, SeriesAnalysis

OUT_OF_RANGE: Final = "OUT_OF_RANGE"
OUT_OF_DISTRIBUTION: Final = "OUT_OF_DISTRIBUTION"
SCANNER_UNSEEN: Final = "SCANNER_UNSEEN"
INPUT_IMPUTED: Final = "INPUT_IMPUTED"

Category = Literal["low", "moderate", "high", "uncertain"]

_STRONGEST: Final = 8


class SignaturePredictor:
    """Predicts one target with a trained model.

    Parameters
    ----------
    name : str
        Of the model's folder below `root`: "asdeg", "pain", or a site's own.
    root : Path, optional
        Folder of models; the shipped ones by default.

    Attributes
    ----------
    target : str
        What is predicted, as the predictor's description names it.

    Raises
    ------
    ModelError
        MODEL_INVALID if a file of the model is missing, damaged or not trusted, or if it was trained on
        features of a profile that is another one here.
    """

    def __init__(self, name: str, root: Path | None = None) -> None:
        try:
            self._model = load_predictor(name, root)
        except ManifestError as error:
            raise ModelError("MODEL_INVALID", f"predictor {name}: {error}") from None
        self.target = self._model.target  # the folder's name may be a version
        _check_inputs(name, self._model)
        _check_profiles(name, self._model.manifest.settings.get("profiles", {}))

    def predict(self, analyses: Mapping[Role, SeriesAnalysis], clinical: Mapping[str, Any]) -> Prediction:
        """Answer for one case, or say why there is no answer; see `pipelines.prediction.Predictor`."""
        known = validate(clinical).known()
        description = self._model.description
        features = feature_row(analyses, known.get("fused_levels"))
        if description.recipe.aggregation == "adjacent":
            features = adjacent_row(features)
        row = {**features, **description.encode(known)}
        inputs = choose(self._model, analyses, row, known)
        if inputs.reasons:
            return self._prediction(inputs)
        scanners = {key.removeprefix(SCANNER): name for key, name in scanner_row(analyses).items()}
        return self._evaluated(inputs, inputs.variant.estimate(row, scanners), known)

    def _evaluated(self, inputs: Inputs, estimate: Estimate, clinical: Mapping[str, Any]) -> Prediction:
        conformal = inputs.variant.conformal
        return self._prediction(
            inputs,
            probability=estimate.probability,
            category=_category(estimate, self._model.thresholds),
            signatures=estimate.signatures,
            contributions=_strongest(estimate, clinical),
            contributions_exact=estimate.exact,
            conformal=estimate.classes,
            coverage=None if conformal is None else conformal.coverage,
            warnings=_warnings(self._model, estimate, clinical),
        )

    def _prediction(self, inputs: Inputs, **answer: Any) -> Prediction:
        manifest = self._model.manifest
        nothing: dict[str, Any] = {"probability": None, "category": None}
        return Prediction(
            target=self.target,
            status="not_evaluable" if inputs.reasons else "evaluated",
            reasons=inputs.reasons,
            model=ModelIdentity(manifest.name, manifest.version, manifest.digest),
            demonstration=self._model.demonstration,
            inputs_used=inputs.used,
            inputs_missing=inputs.missing,
            title=self._model.description.title,
            **(nothing | answer),
        )


def _check_inputs(name: str, model: TrainedPredictor) -> None:
    """Refuse a model whose inputs this node could never make: it would answer without an image."""
    for variant in model.variants:
        if not variant.blocks and not variant.measurements:
            raise ModelError(
                "MODEL_INVALID",
                f"predictor {name}: trained on a plain table, whose columns are not this node's features; "
                "train it with `--cohort` on what `lumbar-node extract` wrote",
            )


def _check_profiles(target: str, trained_on: Mapping[str, str]) -> None:
    here = {profile.label: profile.digest for profile in PROFILES.values()}
    for label, digest in trained_on.items():
        if here.get(label) != digest:
            raise ModelError(
                "MODEL_INVALID",
                f"predictor {target}: trained on features of {label} ({digest[:12]}…), another profile "
                "here; train it anew",
            )


def _category(estimate: Estimate, thresholds: Mapping[str, float]) -> Category:
    if estimate.out_of_range >= thresholds["uncertain_out_of_range"]:
        return "uncertain"
    if estimate.probability >= thresholds["high"]:
        return "high"
    return "moderate" if estimate.probability >= thresholds["moderate"] else "low"


def _strongest(estimate: Estimate, clinical: Mapping[str, Any]) -> tuple[Contribution, ...]:
    """Sum the terms that share a name, then keep those that moved the log-odds most."""
    total: defaultdict[str, float] = defaultdict(float)
    for term, value in estimate.terms.items():
        total[term_name(term, clinical)] += value
    ranked = sorted(total.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(Contribution(name, value) for name, value in ranked[:_STRONGEST] if value)


def _warnings(
    model: TrainedPredictor, estimate: Estimate, clinical: Mapping[str, Any]
) -> tuple[Finding, ...]:
    found = []
    if estimate.out_of_range >= model.thresholds["uncertain_out_of_range"]:
        text = (
            f"{estimate.out_of_range:.0%} of the image features lie outside the range of the training "
            "patients and were cut to it; check the acquisition and the segmentation"
        )
        found.append(Finding(OUT_OF_RANGE, text))
    if estimate.novelty is not None and estimate.novelty > 1:
        text = (
            "the image features together are unlike those of the training patients (squared Mahalanobis "
            f"distance {estimate.novelty:.1f} times its limit); do not rely on the probability"
        )
        found.append(Finding(OUT_OF_DISTRIBUTION, text))
    if estimate.unseen:
        names = ", ".join(role_name(role) for role in estimate.unseen)
        text = f"scanner not among those of the training, features left as they are: {names}"
        found.append(Finding(SCANNER_UNSEEN, text))
    for name in model.optional_clinical:
        if clinical.get(name) is None:
            text = f"{name} is not known; the typical value of the training patients was used"
            found.append(Finding(INPUT_IMPUTED, text))
    return tuple(found)
