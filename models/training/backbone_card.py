"""The folder of an encoder: weights, manifest, card, and the picture of its training."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.manifest import Manifest, open_model, write_manifest
from models.swin import FeatureSwin
from models.training.card import CARD, LOG, PICTURE, draw_training
from models.vit import FeatureViT, write

INTENDED_USE = (
    "Research use only. Turns structures of lumbar-spine CT and MR into numbers for predictors that a site "
    "trains and tests itself; not a medical device."
)

LIMITS = (
    "Nothing was measured on real patients, and generated ones are simpler. The weights' digest goes with "
    "every feature: a signature that was trained on other weights is refused."
)


def write_backbone(
    network: FeatureViT | FeatureSwin,
    folder: Path,
    *,
    settings: Mapping[str, Any],
    version: str,
    training_data: str,
    metrics: Mapping[str, Any],
    also: Sequence[str] = (),
) -> Manifest:
    """Write weights (fp16), manifest, card and, with a training.csv, its plot.

    Parameters
    ----------
    network : FeatureViT or FeatureSwin
    folder : Path
        Made if absent.
    settings : mapping
        What `network` was built with.
    version : str
    training_data : str
        What it was trained on, for people.
    metrics : mapping
        "training" (steps, seconds, seed, batch), "import", "fine_tuning", "probe": what there is of them.
    also : sequence of str
        Files in `folder` that belong to the model too.
    """
    about = {
        "name": "lumbar-node vit",
        "version": version,
        "license": "see the weights' source" if "import" in metrics else "Apache-2.0",
        "intended_use": INTENDED_USE,
        "training_data": training_data,
        "metrics": dict(metrics),
    }
    manifest = write(network, folder, settings, about, also)
    _describe(folder, manifest)
    return manifest


def add_figures(folder: Path, metrics: Mapping[str, Any]) -> Manifest:
    """Write into manifest and card what was measured after the training; the weights stay.

    Raises
    ------
    models.manifest.ManifestError
        If the folder's manifest cannot be read, or does not fit its files.
    """
    _, old = open_model(folder.name, folder.parent)
    values = {**asdict(old), "metrics": {**old.metrics, **metrics}, "files": list(old.files)}
    manifest = write_manifest(folder, values)
    _describe(folder, manifest)
    return manifest


def _describe(folder: Path, manifest: Manifest) -> None:
    if (folder / LOG).is_file():
        draw_training(folder / LOG, folder / PICTURE)
    (folder / CARD).write_text(_card(folder, manifest), encoding="utf-8")


def _card(folder: Path, manifest: Manifest) -> str:
    parts = (
        f"# {manifest.name} {manifest.version}",
        f"**What.** {_network(manifest.settings)}",
        "**Input.** One structure: its box with 2 mm margin, outside set to the structure's mean, stretched "
        "to the cube by linear interpolation, mean 0 and SD 1. Size and absolute intensity are therefore not "
        "in the features; measurements and radiomics carry them.",
        f"**Use.** {manifest.intended_use}",
        f"**Training data.** {manifest.training_data}.",
        _training(folder, manifest.metrics.get("training")),
        _import(manifest.metrics.get("import")),
        _fine_tuning(manifest.metrics.get("fine_tuning")),
        _probe(manifest.metrics.get("probe")),
        f"**Limits.** {LIMITS}",
        f"**Licence.** {manifest.license}.",
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _network(of: Mapping[str, Any]) -> str:
    if of.get("kind") == "swin":
        return (
            f"MONAI's SwinTransformer in 3D: a cube of {of['side']}³ voxels, patches of {of['patch']}³, "
            f"windows of {of['window']}³, width {of['embed']}, {of['depths']} blocks; fp16 safetensors. "
            f"Features: the mean of the last stage's voxels, `deep_000` … `deep_{16 * of['embed'] - 1:03d}`."
        )
    tokens = (of["side"] // of["patch"]) ** 3
    return (
        f"MONAI's ViT in 3D: a cube of {of['side']}³ voxels, patches of {of['patch']}³ ({tokens} tokens), "
        f"width {of['hidden']}, MLP {of['mlp']}, {of['layers']} blocks, {of['heads']} heads; fp16 "
        "safetensors. Features: the mean of the last block's normalised tokens, `deep_000` … "
        f"`deep_{of['hidden'] - 1:03d}`."
    )


def _training(folder: Path, figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    log = f" `{LOG}` and `{PICTURE}` are the log." if (folder / LOG).is_file() else ""
    return (
        f"**Training.** Masked autoencoder, 75 % of the patches hidden: {figures['steps']} steps of "
        f"{figures['batch']} cubes in {figures['seconds']} seconds on {figures['device']} (AdamW under a "
        f"cosine, moving average of the weights, seed {figures['seed']}); made by `lumbar-node train "
        f"backbone`.{log}"
    )


def _import(figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    return (
        f"**Weights from elsewhere.** {figures['share']:.0%} of the parameters come from `{figures['file']}` "
        f"(sha256 {figures['sha256']}); the rest is initialised at random. Their licence and their training "
        "data are those of their source."
    )


def _fine_tuning(figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    return (
        f"**Fine-tuned** on a site's outcome, of {figures['trained_on']} patients "
        f"({figures['events']} with it); {figures['stopped_on']} more decided when to stop (AUC "
        f"{figures['auc_stopped_on']:.3f} on them, which is optimistic: the best of {figures['epochs']} "
        "epochs was kept). All of them count as seen: their features know their outcome and are in-sample. "
        "`seen.json` tells who they are, as salted digests; the list in clear stays at the site, in "
        "`study/seen.csv`."
    )


def _probe(figures: Mapping[str, Any] | None) -> str:
    if not figures:
        return ""
    rows = "\n".join(
        f"| {row['target']} | {row['score']} | {row['n']} | {_interval(row['random'])} | "
        f"{_interval(row['trained'])} | {_interval(row['difference'])} |"
        for row in figures["rows"]
    )
    return (
        f"**Measured.** {figures['method']}\n\n"
        "| target | score | structures | random weights | these weights | difference |\n"
        f"|---|---|---|---|---|---|\n{rows}"
    )


def _interval(values: Mapping[str, float]) -> str:
    return f"{values['value']:.3f} ({values['low']:.3f} to {values['high']:.3f})"
