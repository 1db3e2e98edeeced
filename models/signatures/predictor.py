"""A fitted predictor: its variants in skops files, their columns in predictor.json, all under a manifest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.manifest import Manifest, open_model
from models.signatures.explain import explain, selected, spelt_out, standardised
from models.signatures.files import load_model, save_model
from models.signatures.fusion import FusedModel

DESCRIPTION: Final = "predictor.json"


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
        Share of inputs beyond the range of the training patients: of all radiomics inputs or of those that
        the model weighs, whichever is larger.
    """

    probability: float
    signatures: Mapping[str, float]
    terms: Mapping[str, float]
    baseline: float
    out_of_range: float


@dataclass(frozen=True, eq=False)
class Variant:
    """The model for one availability pattern; fields as in `targets.VariantPlan`."""

    name: str
    blocks: tuple[str, ...]
    measurements: tuple[str, ...]
    columns: tuple[str, ...]
    model: FusedModel

    def estimate(self, row: Mapping[str, float]) -> Estimate:
        """Estimate one patient's probability from named numbers; a missing one counts as typical."""
        x = np.array([[row.get(name, np.nan) for name in self.columns]])
        why = explain(self.model, x)
        terms = {self.columns[i]: value for i, value in why.columns.items()} | why.signatures
        signatures = {name: float(p[0]) for name, p in self.model.signature_proba(x).items()}
        probability = float(self.model.predict_proba(x)[0, 1])
        return Estimate(probability, signatures, terms, why.baseline, self._out_of_range(x))

    def _out_of_range(self, x: NDArray[np.float64]) -> float:
        """Only inputs with a name of their own are judged: a deep feature's range says nothing to anyone."""
        shares = [0.0]
        for _, signature, columns in self.model.signatures_:
            if spelt_out(signature):
                limit = signature["standardise"]["clip"].limit
                beyond = np.abs(standardised(signature, x[:, columns])[0]) >= limit
                shares += [float(beyond.mean()), float(beyond[selected(signature)].mean())]
        return max(shares)


@dataclass(frozen=True, eq=False)
class TrainedPredictor:
    """Everything needed to answer for one target.

    `thresholds` are the probabilities from which a risk is "moderate" and "high", and the share of inputs
    out of range from which it is "uncertain".
    """

    target: str
    variants: tuple[Variant, ...]
    required_clinical: tuple[str, ...]
    optional_clinical: tuple[str, ...]
    needs_levels: bool
    thresholds: Mapping[str, float]
    demonstration: bool
    manifest: Manifest


def save_variants(folder: Path, description: Mapping[str, Any], variants: tuple[Variant, ...]) -> list[str]:
    """Write the variants and their description; return the names of the files written."""
    for variant in variants:
        save_model(variant.model, folder / f"{variant.name}.skops")
    listed = [
        {
            "name": v.name,
            "blocks": list(v.blocks),
            "measurements": list(v.measurements),
            "columns": list(v.columns),
        }
        for v in variants
    ]
    text = json.dumps({**description, "variants": listed}, indent=1) + "\n"
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")
    return [DESCRIPTION, *(f"{variant.name}.skops" for variant in variants)]


def load_predictor(name: str, root: Path | None = None) -> TrainedPredictor:
    """Load a predictor after its files have been checked against the manifest's digests.

    Raises
    ------
    models.manifest.ManifestError
        If a file is missing, damaged, or holds types that are not trusted.
    """
    folder, manifest = open_model(name, root)
    text = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    variants = tuple(
        Variant(
            name=v["name"],
            blocks=tuple(v["blocks"]),
            measurements=tuple(v["measurements"]),
            columns=tuple(v["columns"]),
            model=load_model(folder / f"{v['name']}.skops"),
        )
        for v in text["variants"]
    )
    return TrainedPredictor(
        target=text["target"],
        variants=variants,
        required_clinical=tuple(text["required_clinical"]),
        optional_clinical=tuple(text["optional_clinical"]),
        needs_levels=text["needs_levels"],
        thresholds=manifest.settings["thresholds"],
        demonstration=bool(manifest.settings["demonstration"]),
        manifest=manifest,
    )
