"""Fine-tuning of an encoder on a site's outcome, inside the training split; it says whom it has seen."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.backbone.seen import FILE as SEEN
from models.backbone.seen import write_seen
from models.device import choose_device
from models.manifest import Manifest, sha256
from models.training.backbone_card import write_backbone
from models.training.classifier import PATIENTS, Bags, FineTuning, first_head
from models.training.log import Report, add_row
from models.training.loop import CHECKPOINT, LOG, Progress, resume, say_nothing
from models.training.outcome_table import Outcomes, read_outcomes
from models.training.patient_cubes import read_patient
from models.vit import Encoder

PATIENCE = 6  #: epochs without a better AUC before the training ends


@dataclass(frozen=True, slots=True)
class Plan:
    """How an encoder is fine-tuned.

    Attributes
    ----------
    table : Path
        `models.training.outcome_table`.
    cubes : Path
        Folder of PATIENT.npz (`models.training.patient_cubes`).
    epochs : int
        At most; an epoch shows as many patients as there are.
    learning : int
        Blocks from the last that learn.
    seed : int
        Fixes head, patients and structures.
    """

    table: Path
    cubes: Path
    epochs: int = 30
    learning: int = 2
    seed: int = 0


def finetune_backbone(
    plan: Plan, start: Encoder, out_dir: Path, *, device: str = "auto", progress: Progress = say_nothing
) -> Manifest:
    """Fine-tune an encoder on the split "train" of a table, and write it with manifest, card and seen.json.

    A fifth of these patients decides when to stop; patients of other splits are not looked at. Continues
    where `out_dir`/checkpoint.pt ended, if the table, the seed and the first weights are the same.

    Parameters
    ----------
    plan : Plan
    start : models.vit.Encoder
        What to begin with.
    out_dir : Path
        Gets weights.safetensors, manifest.json, MODEL_CARD.md, seen.json, training.csv, checkpoint.pt, and
        study/seen.csv, which stays at the site.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".
    progress : callable

    Returns
    -------
    Manifest

    Raises
    ------
    ValueError
        If the table cannot be used, patients lack cubes, or the checkpoint is of another training.
    """
    outcomes = read_outcomes(plan.table, plan.seed)
    bags = _bags(plan.cubes, [*outcomes.training, *outcomes.stopping])
    progress(
        f"{len(outcomes.training)} patients to learn from, {len(outcomes.stopping)} to decide when to stop, "
        f"{outcomes.left} of other splits left alone"
    )
    task = f"fine-tuning of {start.manifest.digest[:12]} with {sha256(plan.table)[:12]}"
    learner = FineTuning(
        task, first_head(start.network, plan.learning, plan.seed), plan.seed, choose_device(device)
    )
    out_dir.mkdir(parents=True, exist_ok=True)
    resume(learner, out_dir, progress)
    _train(learner, bags, outcomes, plan.epochs, (out_dir, progress))
    return _write(learner, start, outcomes, plan, out_dir)


def _bags(folder: Path, patients: Iterable[str]) -> Bags:
    """Read the cubes of all; name everybody who has none."""
    bags, faults = {}, []
    for patient in patients:
        try:
            bags[patient] = read_patient(folder / f"{patient}.npz")
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError("\n".join(faults))
    return bags


def _train(
    learner: FineTuning, bags: Bags, outcomes: Outcomes, epochs: int, to: tuple[Path, Progress]
) -> None:
    """Go through epochs until they are spent, or nothing gets better any more."""
    out_dir, say = to
    steps = math.ceil(len(outcomes.training) / PATIENTS)
    start = time.monotonic() - learner.elapsed_s
    while learner.epoch < epochs and learner.epoch - learner.best_epoch < PATIENCE:
        losses = [
            learner.step(bags, outcomes.training, (learner.epoch + number / steps) / epochs)
            for number in range(steps)
        ]
        auc = learner.judge(bags, outcomes.stopping)
        learner.elapsed_s = time.monotonic() - start
        loss = round(sum(losses) / steps, 4)
        add_row(
            out_dir / LOG,
            Report(learner.step_count, round(learner.elapsed_s, 1), loss, round(learner.learning_rate, 7)),
        )
        learner.save(out_dir / CHECKPOINT)
        say(f"epoch {learner.epoch} of {epochs}, {learner.elapsed_s:.0f} s, loss {loss:.3f}, AUC {auc:.3f}")


def _write(learner: FineTuning, start: Encoder, outcomes: Outcomes, plan: Plan, out_dir: Path) -> Manifest:
    learner.network.load_state_dict(learner.best)
    seen = dict.fromkeys(outcomes.training, "training") | dict.fromkeys(outcomes.stopping, "stopping")
    write_seen(out_dir, seen, salt=sha256(plan.table))
    known: Mapping[str, object] = start.manifest.metrics
    figures = {
        "trained_on": len(outcomes.training),
        "events": sum(outcomes.training.values()),
        "stopped_on": len(outcomes.stopping),
        "auc_stopped_on": round(learner.best_auc, 4),
        "epochs": learner.epoch,
        "best_epoch": learner.best_epoch,
        "seed": plan.seed,
        "from": start.manifest.digest,
    }
    return write_backbone(
        learner.network.encoder.cpu().eval(),
        out_dir,
        settings=start.manifest.settings,
        version=f"{start.manifest.version}+ft.{sha256(plan.table)[:8]}",
        training_data=f"{start.manifest.training_data}; then fine-tuned on {len(seen)} patients of the site",
        metrics={**{key: known[key] for key in ("import",) if key in known}, "fine_tuning": figures},
        also=[SEEN],
    )
