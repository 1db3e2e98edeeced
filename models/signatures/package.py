"""Write a demonstration predictor's folder: models, columns, reference, card and manifest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models.manifest import Manifest, write_manifest
from models.signatures.card import INTENDED_USE, model_card
from models.signatures.predictor import Variant, save_variants
from models.signatures.reference import Reference, write_reference
from models.signatures.targets import TargetPlan

VERSION: Final = "0.1.0"
THRESHOLDS: Final = {"moderate": 0.3, "high": 0.6, "uncertain_out_of_range": 0.2}
_REFERENCE: Final = "reference.json"


def write_package(
    folder: Path,
    plan: TargetPlan,
    variants: tuple[Variant, ...],
    reference: Reference,
    *,
    metrics: Mapping[str, Any],
    created: str,
    profiles: Mapping[str, str],
) -> Manifest:
    """Write the folder anew; models of an earlier training are removed.

    Parameters
    ----------
    folder : Path
    plan : TargetPlan
    variants : tuple of Variant
    reference : Reference
        What the simulated patients were drawn around.
    metrics : mapping
        Report of `train_demo.train_target`.
    created : str
        Date; no clock is read.
    profiles : mapping of str to str
        Name and version, and sha256, of the radiomics profiles of the features that it reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.skops"):
        stale.unlink()
    training = (
        f"{metrics['train_patients']} simulated patients with a known effect; "
        f"feature ranges {reference.origin}; no real patient"
    )
    files = [*save_variants(folder, _description(plan), variants), _REFERENCE]
    write_reference(reference, folder / _REFERENCE)
    (folder / "MODEL_CARD.md").write_text(model_card(plan, training, metrics), encoding="utf-8")
    return write_manifest(
        folder,
        {
            "name": f"demonstration-{plan.name}",
            "version": VERSION,
            "license": "Apache-2.0",
            "created": created,
            "intended_use": INTENDED_USE,
            "training_data": training,
            "metrics": metrics,
            "settings": {"thresholds": THRESHOLDS, "demonstration": True, "profiles": dict(profiles)},
            "files": files,
        },
    )


def _description(plan: TargetPlan) -> dict[str, Any]:
    return {
        "target": plan.name,
        "required_clinical": plan.required_clinical,
        "optional_clinical": plan.optional_clinical,
        "needs_levels": plan.needs_levels,
    }
