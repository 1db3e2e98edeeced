"""A predictor's folder: models, description, figures, card and manifest. No patient's row is in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from models.manifest import Manifest, ManifestError, open_model, write_manifest
from models.signatures.clinical import PREFIX
from models.signatures.compact import compacted
from models.signatures.conformal import ConformalSets
from models.signatures.description import Description, VariantPlan
from models.signatures.files import load_model, save_model
from models.signatures.harmonise import SCANNER
from models.signatures.model_card import model_card
from models.signatures.ood import Novelty
from models.signatures.predictor import TrainedPredictor, Variant, signature_inputs
from models.signatures.recalibrate import Recalibration

PREDICTOR: Final = "predictor.json"
CARD: Final = "MODEL_CARD.md"
METRICS: Final = "metrics.json"
SCHEMA: Final = 2


def fitted_variant(
    plan: VariantPlan,
    model: Any,
    frame: pd.DataFrame,
    outcome: NDArray[np.int64],
    *,
    out_of_fold: NDArray[np.float64] | None = None,
) -> Variant:
    """Make a variant of a fitted model.

    Parameters
    ----------
    plan : VariantPlan
    model : CombinedModel, BestClassifier or Pipeline
        Fitted on all patients of `frame`.
    frame : DataFrame of shape (n_patients, n_columns)
        What it was fitted on (`FeatureTable.frame`, training patients only).
    outcome : ndarray of int, shape (n_patients,)
    out_of_fold : ndarray of shape (n_patients,), optional
        Probabilities from nested cross-validation, for the conformal sets; NaN where there is none. By
        default the model's own out-of-fold values.
    """
    inputs = signature_inputs(model, frame)
    unseen: Any = getattr(model, "out_of_fold_", None) if out_of_fold is None else out_of_fold
    known = None if unseen is None else ~np.isnan(unseen)
    there = {str(name).rpartition(".")[0] for name in frame.columns}
    return Variant(
        name=plan.name,
        blocks=tuple(block for block in plan.blocks if block in there),
        measurements=plan.measurements,
        columns=_columns(plan, [str(name) for name in frame.columns]),
        model=compacted(model),
        novelty=None if inputs is None else Novelty().fit(inputs),
        conformal=None if known is None else ConformalSets.fit(outcome[known], unseen[known]),
    )


def write_package(
    folder: Path,
    description: Description,
    variants: Sequence[Variant],
    *,
    version: str,
    training_data: str,
    metrics: Mapping[str, Any],
    created: str,
    profiles: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
    demonstration: bool = False,
    name: str | None = None,
    intended_use: str | None = None,
    cohort: Mapping[str, Any] | None = None,
    extra_files: Sequence[str] = (),
    card: str | None = None,
    metrics_file: bool = True,
) -> Manifest:
    """Write a predictor's folder anew; models of an earlier training are removed, other files stay.

    Parameters
    ----------
    folder : Path
    description : Description
    variants : sequence of Variant
        From the most to the least complete.
    version, training_data, created : str
        For the manifest; no clock is read.
    metrics : mapping
        What was measured; metrics.json and the model card are written from it.
    profiles : mapping of str to str, optional
        Label and sha256 of the radiomics profiles of the features: a node with others refuses the predictor.
    models : mapping of str to str, optional
        Name and digest of the networks that the features came from (segmentation, backbone).
    demonstration : bool
    name, intended_use : str, optional
        By default the description's.
    cohort : mapping, optional
        Summary for the manifest: numbers only, no patient.
    extra_files : sequence of str
        Names of further files in the folder that the manifest vouches for.
    card : str, optional
        MODEL_CARD.md, in place of `models.signatures.model_card`.
    metrics_file : bool
        Whether metrics.json is written; else the folder's own is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.skops"):
        stale.unlink()
    for variant in variants:
        save_model({"model": variant.model, "novelty": variant.novelty}, folder / f"{variant.name}.skops")
    _write_json(folder / PREDICTOR, _described(description, variants))
    if metrics_file:
        _write_json(folder / METRICS, metrics)
    values = {
        "name": name or description.name,
        "version": version,
        "license": "Apache-2.0" if demonstration else "for the site's own use",
        "created": created,
        "intended_use": intended_use or description.intended_use,
        "training_data": training_data,
        "metrics": _headline(metrics),
        "settings": {
            "thresholds": description.thresholds.model_dump(),
            "demonstration": demonstration,
            "profiles": dict(profiles or {}),
            "models": dict(models or {}),
            "cohort": dict(cohort or {}),
        },
    }
    (folder / CARD).write_text(card or model_card(values, metrics, description), encoding="utf-8")
    files = [PREDICTOR, *(f"{variant.name}.skops" for variant in variants), *extra_files]
    files += [METRICS] if (folder / METRICS).exists() else []
    return write_manifest(folder, {**values, "files": files, "documents": [CARD]})


def load_predictor(name: str, root: Path | None = None) -> TrainedPredictor:
    """Load a predictor after its files have been checked against the manifest's digests.

    Parameters
    ----------
    name : str
        Of the folder below `root`.
    root : Path, optional
        The shipped models by default.

    Raises
    ------
    models.manifest.ManifestError
        If a file is missing, damaged, of another format, or holds types that are not trusted.
    """
    folder, manifest = open_model(name, root)
    path = folder / PREDICTOR
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
        if text.get("schema") != SCHEMA:
            raise ManifestError(f"{path}: of an earlier format; train the predictor anew")
        description = Description.model_validate(text["description"])
        variants = tuple(_variant(folder, one) for one in text["variants"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise ManifestError(f"{path}: cannot be used: {type(error).__name__}: {error}") from None
    return TrainedPredictor(
        description=description,
        variants=variants,
        demonstration=bool(manifest.settings.get("demonstration", False)),
        manifest=manifest,
    )


def _variant(folder: Path, text: Mapping[str, Any]) -> Variant:
    held = load_model(folder / f"{text['name']}.skops")
    sets = text["conformal"]
    return Variant(
        name=text["name"],
        blocks=tuple(text["blocks"]),
        measurements=tuple(text["measurements"]),
        columns=tuple(text["columns"]),
        model=held["model"],
        novelty=held["novelty"],
        conformal=None if sets is None else ConformalSets(sets["coverage"], tuple(sets["limits"])),
        recalibration=Recalibration(**text["recalibration"]),
    )


def _columns(plan: VariantPlan, names: Sequence[str]) -> tuple[str, ...]:
    """Leave out what the variant does not read; a plan without blocks (a plain table's) reads everything."""
    others = [name for name in names if not name.startswith(SCANNER)]
    if not plan.blocks:
        return tuple(others)
    kept = {*plan.blocks}
    return tuple(
        name
        for name in others
        if name.startswith(PREFIX) or name in plan.measurements or name.rpartition(".")[0] in kept
    )


def _described(description: Description, variants: Sequence[Variant]) -> dict[str, Any]:
    listed = []
    for variant in variants:
        plain = asdict(replace(variant, model=None, novelty=None))
        listed.append({key: plain[key] for key in plain if key not in ("model", "novelty")})
    return {
        "schema": SCHEMA,
        "description": description.model_dump(mode="json", by_alias=True),
        "variants": listed,
    }


def _headline(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Leave lists and patients' curves to metrics.json: the manifest is read by people."""
    wanted = ("data", "n", "events", "recipe", "headline", "nested", "optimistic", "variants",
              "train_patients", "held_out_patients")  # fmt: skip
    return {key: metrics[key] for key in wanted if key in metrics}


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
