"""The folder that imported weights become: weights, manifest, card, and the report of what matched."""

import json
from pathlib import Path

from models.backbone.foreign import ImportReport
from models.manifest import Manifest
from models.swin import FeatureSwin
from models.training.backbone_card import write_backbone
from models.vit import FeatureViT

REPORT = "import.json"


def write_import(network: FeatureViT | FeatureSwin, report: ImportReport, folder: Path) -> Manifest:
    """Write imported weights as an encoder that the pipelines take.

    Parameters
    ----------
    network, report
        From `models.backbone.foreign.import_weights`.
    folder : Path
        Made if absent; gets weights.safetensors, manifest.json, MODEL_CARD.md and import.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
    return write_backbone(
        network,
        folder,
        settings=report.settings,
        version=f"0+{report.sha256[:8]}",
        training_data=f"Weights of {report.file}; what they have learned from is for their source to say",
        metrics={"import": {"file": report.file, "sha256": report.sha256, "share": round(report.share, 4)}},
        also=[REPORT],
    )
