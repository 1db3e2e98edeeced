"""The model card and the picture of its training that lie beside a network's weights."""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from safetensors import safe_open

from models.manifest import Manifest, open_model, write_manifest

CARD, LOG, PICTURE = "MODEL_CARD.md", "training.csv", "training.png"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a network finds, and where it is weak, for people."""

    what: str
    limits: tuple[str, ...]


PURPOSES: Mapping[str, Purpose] = MappingProxyType(
    {
        "sagittal": Purpose(
            "Vertebral bodies (marrow inside the cortex), discs, sacrum, S1, spinal canal and posterior "
            "elements on sagittal MR; 2.5D, each slice with its neighbours.",
            ("Levels are counted from the sacrum: where S1 is cut by the image's edge they stay open.",),
        ),
        "ct": Purpose(
            "Whole vertebrae, sacrum and S1 on CT with votes for the body centre; 3D at 3 mm.",
            ("A 3 mm grid limits sharpness.", "The sacrum is incomplete on real CT."),
        ),
        "vertebra": Purpose(
            "One vertebra, marked at its centre, in a crop of CT at 1.5 mm: refines the coarse network.",
            ("It cannot find vertebrae: a wrong mark gives a wrong vertebra.",),
        ),
        "axial": Purpose(
            "Multifidus, erector spinae, psoas major and quadratus lumborum of both sides on axial MR; 2.5D, "
            "each slice with two neighbours below and two above, in two passes.",
            (
                "The line between multifidus and erector spinae is approximate where no fat parts them: "
                "report the compartment beside the muscle.",
                "Quadratus lumborum and psoas major were judged by eye only: there are no reference masks.",
                "One real subject with masks is no statistic.",
            ),
        ),
    }
)


def write_card(folder: Path, task: str, manifest: Manifest) -> None:
    """Write MODEL_CARD.md and, where there is a training.csv, training.png.

    Parameters
    ----------
    folder : Path
        Holds weights.safetensors.
    task : {"sagittal", "ct", "vertebra", "axial"}
    manifest : Manifest
        `metrics` may hold "method", "training", and figures by name.
    """
    if (folder / LOG).is_file():
        draw_training(folder / LOG, folder / PICTURE)
    (folder / CARD).write_text(_card(folder, task, manifest), encoding="utf-8")


def add_metrics(folder: Path, task: str, metrics: Mapping[str, Any]) -> Manifest:
    """Write into manifest and card what was measured after the training; the weights stay.

    Parameters
    ----------
    folder : Path
        A model's folder.
    task : {"sagittal", "ct", "vertebra", "axial"}
    metrics : mapping
        "method" says how and on what; every other key names a figure. It replaces an older one.

    Raises
    ------
    ManifestError
        If the folder's manifest cannot be read, or does not fit its files.
    """
    _, old = open_model(folder.name, folder.parent)
    values = {**asdict(old), "metrics": {**old.metrics, **metrics}, "files": list(old.files)}
    manifest = write_manifest(folder, values)
    write_card(folder, task, manifest)
    return manifest


def _card(folder: Path, task: str, manifest: Manifest) -> str:
    purpose = PURPOSES[task]
    millions = _count_parameters(folder / "weights.safetensors") / 1e6
    return f"""# {manifest.name} {manifest.version}

**What.** {purpose.what} {millions:.2f} M parameters, fp16 safetensors.

**Use.** {manifest.intended_use}

**Training data.** {manifest.training_data}. {_training(manifest)}No foreign weights.
The people come from `models.anatomy`; `lumbar-node train segmentation --task {task}` trains a network
of this kind.{_log(folder)}

{_measured(manifest)}**Limits.**

{"".join(f"- {limit}{chr(10)}" for limit in purpose.limits)}
**Licence.** {manifest.license}.
"""


def _training(manifest: Manifest) -> str:
    training = manifest.metrics.get("training")
    if not training:
        return ""
    return (
        f"{training['steps']} steps in {training['seconds']} seconds (AdamW under a cosine, cross-entropy + "
        "Dice, moving average of the weights). "
    )


def _log(folder: Path) -> str:
    return f" `{LOG}` and `{PICTURE}` are the log." if (folder / LOG).is_file() else ""


def _measured(manifest: Manifest) -> str:
    figures = {k: v for k, v in manifest.metrics.items() if k not in {"method", "training"}}
    if not figures:
        return ""
    rows = "\n".join(f"| {name} | {value} |" for name, value in figures.items())
    return f"**Measured.** {manifest.metrics.get('method', '')}.\n\n| | |\n|---|---|\n{rows}\n\n"


def _count_parameters(weights: Path) -> int:
    with safe_open(weights, "pt") as stored:
        return sum(stored.get_tensor(name).numel() for name in stored.keys())  # noqa: SIM118  # no mapping


def draw_training(log: Path, picture: Path) -> None:
    """Plot the loss over the steps."""
    with log.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(5, 2.6), layout="constrained")
        axes = figure.subplots()
        axes.plot([int(row["step"]) for row in rows], [float(row["loss"]) for row in rows])
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.grid(alpha=0.3)
        figure.savefig(picture, dpi=80)
