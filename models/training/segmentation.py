"""Training of the segmentation networks, from nothing to a shippable folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import torch

from models.device import choose_device
from models.manifest import Manifest
from models.training import VERSION
from models.training.axial import AXIAL
from models.training.bank import SEEDS, Task, write_bank
from models.training.batch import Scan, Teaching
from models.training.beginnings import Beginning, between, read_beginning
from models.training.export import SETTINGS, export
from models.training.loop import Progress, resume, say_nothing, spend
from models.training.sagittal import SAGITTAL
from models.training.trainer import GENTLE_RATE, LEARNING_RATE, Trainer
from models.training.vertebra import VERTEBRA
from models.training.volumes import CT
from models.unet import UNet

TEACHINGS: Mapping[Task, Teaching] = {"sagittal": SAGITTAL, "ct": CT, "vertebra": VERTEBRA, "axial": AXIAL}


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
    version: str = VERSION,
    start: Path | None = None,
    mean_with_start: bool = False,
) -> Manifest:
    """Train a segmentation network on generated scans and write it with its manifest.

    Continues where `out_dir`/checkpoint.pt ended, if there is one, with the seed it was begun with: a budget
    is that of the whole training. The people may be others or more than before; then the manifest names those
    of the last run only. Rows of training.csv beyond the checkpoint are cut: those steps are taken again.
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
        Seeds of the generated people; the recipe's (`models.training.bank.SEEDS`) by default.
    version : str
        Of the network, for its manifest.
    start : Path, optional
        Folder of a network of this kind to begin with, at half the learning rate; named in the manifest.
    mean_with_start : bool
        Write the mean of the weights begun with and the trained ones (`models.training.beginnings.between`).

    Returns
    -------
    Manifest

    Raises
    ------
    ValueError
        If the network to start from is damaged or of another kind, the task is unknown, the budget not
        positive, nobody to train on, the device not there, a file of the bank or the checkpoint damaged, or
        the checkpoint that of another network or seed.
    """
    _check(task, budget_s, people)
    people = SEEDS[task] if people is None else people
    say = progress or say_nothing
    beginning = None if start is None else read_beginning(task, start)
    trainer = _make_trainer(task, seed, choose_device(device), beginning)
    out_dir.mkdir(parents=True, exist_ok=True)
    resume(trainer, out_dir, say)
    scans = _load_bank(task, bank_dir / task, people, say)
    spend(trainer, lambda spent: trainer.step(scans, spent), budget_s, out_dir, say)
    mean = beginning if mean_with_start else None
    return export(
        trainer.average if mean is None else between(mean.weights, trainer.average),
        task,
        out_dir,
        version=version,
        training_data=_training_data(len(scans), people, _before(beginning, mean is not None)),
        metrics={"training": _figures(trainer)},
    )


def _check(task: Task, budget_s: float, people: range | None) -> None:
    if task not in TEACHINGS:
        raise ValueError(f"no segmentation network is called {task!r}; there are {', '.join(TEACHINGS)}")
    if budget_s <= 0:
        raise ValueError(f"a training budget must be positive, not {budget_s} s")
    if people is not None and not people:
        raise ValueError("people must name at least one generated person to train on")


def _training_data(scans: int, people: range, before: str) -> str:
    return (
        f"{before}{scans} scans of {len(people)} generated people "
        f"(models.anatomy, seeds {people[0]} to {people[-1]}); no patient data"
    )


def _before(beginning: Beginning | None, mean: bool) -> str:
    """Say what the training began with."""
    if beginning is None:
        return ""
    manifest = beginning.manifest
    how = "mean of the weights before and after; " if mean else ""
    digest = f"sha256 {manifest.digest[:12]}…"
    return f"{how}begun with {manifest.name} {manifest.version} ({digest}; {manifest.training_data}); then "


def _figures(trainer: Trainer) -> Mapping[str, Any]:
    return {"steps": trainer.step_count, "seconds": round(trainer.elapsed_s), "seed": trainer.seed}


def _load_bank(task: Task, folder: Path, people: range, say: Progress) -> list[Scan]:
    """Complete the bank and read it."""
    write_bank(task, folder, people, lambda done, total: say(f"generated people: {done} of {total}"))
    paths = [path for seed in people for path in sorted(folder.glob(f"{seed:05d}_*.npz"))]
    say(f"{len(paths)} scans in {folder}")
    return [_load_scan(task, path) for path in paths]


def _load_scan(task: Task, path: Path) -> Scan:
    damaged = ValueError(f"{path} is damaged; delete it, it is made again")
    with path.open("rb") as stream:
        if not is_zipfile(stream):  # cut short: numpy would fail and leave the file open
            raise damaged
    try:
        return TEACHINGS[task].load(path)
    except (BadZipFile, EOFError, KeyError, ValueError):  # bytes changed, or an array is missing
        raise damaged from None


def _make_trainer(task: Task, seed: int, device: torch.device, beginning: Beginning | None) -> Trainer:
    settings = SETTINGS[task]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # first weights
        network = UNet(
            settings["in_channels"],
            settings["out_channels"],
            tuple(settings["features"]),
            settings["dimensions"],
        )
    if beginning is not None:
        network.load_state_dict(beginning.weights, strict=False)  # a folder has no batch counts
    rate = LEARNING_RATE if beginning is None else GENTLE_RATE
    return Trainer(task, network, TEACHINGS[task], seed, device, learning_rate=rate)
