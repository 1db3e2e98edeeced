"""Training of the segmentation networks, from nothing to a shippable folder."""

import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import torch

from models.manifest import Manifest
from models.training.axial import AXIAL
from models.training.bank import SEEDS, Task, write_bank
from models.training.batch import Scan, Teaching
from models.training.export import SETTINGS, export
from models.training.sagittal import SAGITTAL
from models.training.trainer import Trainer
from models.training.vertebra import VERTEBRA
from models.training.volumes import CT
from models.unet import UNet

TEACHINGS: Mapping[Task, Teaching] = {"sagittal": SAGITTAL, "ct": CT, "vertebra": VERTEBRA, "axial": AXIAL}
REPORT_EVERY = 50  # steps
SAVE_EVERY = 300  # steps
CHECKPOINT, LOG = "checkpoint.pt", "training.csv"


@dataclass(frozen=True, slots=True)
class Report:
    """How far a training is; a row of training.csv."""

    step: int
    elapsed_s: float
    loss: float  #: mean since the last report
    learning_rate: float


Progress = Callable[[str], None]
"""Called with a line for people."""


def train_segmentation(
    task: Task,
    bank_dir: Path,
    out_dir: Path,
    *,
    budget_s: float,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    people: range | None = None,
) -> Manifest:
    """Train a segmentation network on generated scans and write it with its manifest.

    Continues where `out_dir`/checkpoint.pt ended, if there is one: a budget is that of the whole training.
    The weights written are the moving average over the last steps.

    Parameters
    ----------
    task : {"sagittal", "ct", "vertebra", "axial"}
    bank_dir : Path
        Folder of banks; `bank_dir`/`task` is filled with the scans that are missing.
    out_dir : Path
        Gets weights.safetensors, manifest.json, training.csv and checkpoint.pt.
    budget_s : float
        Seconds of training, the making of the bank apart.
    seed : int
        Fixes first weights, patches and augmentation. How many steps fit the budget depends on the machine.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".
    progress : callable, optional
        Called with a line for people, now and then.
    people : range, optional
        Seeds of the generated people; those of the shipped networks by default.

    Returns
    -------
    Manifest

    Raises
    ------
    ValueError
        If the task is unknown, the budget not positive, nobody to train on, or the checkpoint is that of
        another network.
    """
    if task not in TEACHINGS:
        raise ValueError(f"no segmentation network is called {task!r}; there are {', '.join(TEACHINGS)}")
    if budget_s <= 0:
        raise ValueError(f"a training budget must be positive, not {budget_s} s")
    say = progress or _say_nothing
    people = SEEDS[task] if people is None else people
    if not people:
        raise ValueError("people must name at least one generated person to train on")
    out_dir.mkdir(parents=True, exist_ok=True)
    trainer = _make_trainer(task, seed, choose_device(device))
    _resume(trainer, out_dir / CHECKPOINT, say)
    scans = _load_bank(task, bank_dir / task, people, say)
    _train(trainer, scans, budget_s, out_dir, say)
    training_data = (
        f"{len(scans)} scans of {len(people)} generated people "
        f"(models.anatomy, seeds {people[0]} to {people[-1]}); no patient data"
    )
    metrics = {"training": {"steps": trainer.step_count, "seconds": round(trainer.elapsed_s), "seed": seed}}
    return export(
        trainer.average, task, out_dir, version="0.1.0", training_data=training_data, metrics=metrics
    )


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the first GPU, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _say_nothing(line: str) -> None:
    """Be the progress of a caller who wants none."""


def _load_bank(task: Task, folder: Path, people: range, say: Progress) -> list[Scan]:
    """Complete the bank and read it."""
    write_bank(task, folder, people, lambda done, total: say(f"generated people: {done} of {total}"))
    paths = [path for seed in people for path in sorted(folder.glob(f"{seed:05d}_*.npz"))]
    say(f"{len(paths)} scans in {folder}")
    return [TEACHINGS[task].load(path) for path in paths]


def _make_trainer(task: Task, seed: int, device: torch.device) -> Trainer:
    settings = SETTINGS[task]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # first weights
        network = UNet(
            settings["in_channels"],
            settings["out_channels"],
            tuple(settings["features"]),
            settings["dimensions"],
        )
    return Trainer(network, TEACHINGS[task], seed, device)


def _resume(trainer: Trainer, checkpoint: Path, say: Progress) -> None:
    if not checkpoint.is_file():
        return
    try:
        trainer.resume(checkpoint)
    except RuntimeError as error:
        raise ValueError(
            f"{checkpoint} is the state of another network ({error}); remove it or train in another folder"
        ) from None
    say(f"continuing at step {trainer.step_count}, {trainer.elapsed_s:.0f} s")


def _train(trainer: Trainer, scans: list[Scan], budget_s: float, out_dir: Path, say: Progress) -> None:
    """Take steps until the budget is spent, with reports and checkpoints on the way."""
    losses: list[float] = []
    start = time.monotonic() - trainer.elapsed_s
    while trainer.elapsed_s < budget_s:
        losses.append(trainer.step(scans, trainer.elapsed_s / budget_s))
        trainer.elapsed_s = time.monotonic() - start
        over = trainer.elapsed_s >= budget_s
        if over or trainer.step_count % REPORT_EVERY == 0:
            _report(trainer, losses, out_dir / LOG, say)
            losses.clear()
        if over or trainer.step_count % SAVE_EVERY == 0:
            trainer.save(out_dir / CHECKPOINT)


def _report(trainer: Trainer, losses: list[float], log: Path, say: Progress) -> None:
    mean = sum(losses) / len(losses)
    report = Report(
        trainer.step_count, round(trainer.elapsed_s, 1), round(mean, 4), round(trainer.learning_rate, 6)
    )
    new = not log.exists()
    with log.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        if new:
            writer.writerow(field.name for field in fields(Report))
        writer.writerow(astuple(report))
    say(f"step {report.step}, {report.elapsed_s:.0f} s, loss {report.loss:.3f}")
