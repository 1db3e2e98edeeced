"""Pre-training of the deep features' network: a masked autoencoder on structures of generated people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from models.device import choose_device
from models.manifest import Manifest
from models.training.backbone_card import write_backbone
from models.training.bank import write_scans
from models.training.cube_bank import CUBES
from models.training.cube_set import Crop, draw, read_crops
from models.training.learner import Learner
from models.training.loop import Progress, resume, say_nothing, spend
from models.training.masked import MaskedAutoencoder
from models.vit import SETTINGS, Encoder, FeatureViT, initialised

PEOPLE = range(50000, 50100)
"""The people of a pre-training, unless others are named."""

TASK, VERSION = "backbone", "0.2.0"
BATCH = 8  # cubes
LEARNING_RATE, WEIGHT_DECAY, WARM_UP = 1e-3, 0.05, 60


class Pretraining(Learner[MaskedAutoencoder]):
    """Teaches an encoder to guess what it is not shown; see `Learner`.

    Parameters
    ----------
    encoder : FeatureViT
    seed : int
        Fixes the decoder's first weights, the cubes and what is hidden of them.
    device : torch.device
    batch : int
        Cubes at a time.
    """

    def __init__(self, encoder: FeatureViT, seed: int, device: torch.device, batch: int = BATCH) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = MaskedAutoencoder(encoder)
        super().__init__(
            TASK,
            network.to(device),
            seed,
            device,
            learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            warm_up=WARM_UP,
        )
        self.batch = batch

    def step(self, crops: Sequence[Crop], progress: float) -> float:
        """Take a step and return its loss.

        Parameters
        ----------
        crops : sequence of Crop
        progress : float
            How much of the budget is spent, 0 to 1: sets the learning rate.
        """
        self.set_learning_rate(progress)
        encoder = self.network.encoder
        cubes = draw(self.random, crops, self.batch, encoder.side).to(self.device)
        noise = self.random.field((self.batch, encoder.grid**3)).to(self.device)
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = self.network(cubes, noise)
        return self.follow(loss)

    def taught(self) -> FeatureViT:
        """Give the encoder with its averaged weights, on the CPU."""
        self.network.load_state_dict(self.average)
        return self.network.encoder.cpu().eval()


def train_backbone(
    bank_dir: Path,
    out_dir: Path,
    *,
    budget_s: float,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = say_nothing,
    people: range = PEOPLE,
    start: Encoder | None = None,
    version: str = VERSION,
) -> Manifest:
    """Pre-train an encoder and write it with manifest, card and log.

    Continues where `out_dir`/checkpoint.pt ended, if there is one, with the seed it was begun with: a budget
    is that of the whole training. Rows of training.csv beyond the checkpoint are cut: those steps are taken
    again. The weights written are the moving average over the last steps.

    Parameters
    ----------
    bank_dir : Path
        Folder of banks; `bank_dir`/cubes is filled with the people that are missing.
    out_dir : Path
        Gets weights.safetensors, manifest.json, MODEL_CARD.md, training.csv, training.png, checkpoint.pt.
    budget_s : float
        Seconds of training, the making of the bank apart.
    seed : int
        Fixes first weights, cubes and masks. How many steps fit the budget depends on the machine.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".
    progress : callable
        Called with a line for people, now and then.
    people : range
        Seeds of the generated people.
    start : models.vit.Encoder, optional
        Weights to begin with; random ones by default.
    version : str
        Of the network, for its manifest.

    Returns
    -------
    Manifest

    Raises
    ------
    ValueError
        If the budget is not positive, `start` is no ViT, there is nobody to learn from, the device is not
        there, or a file of the bank or the checkpoint is damaged or of another training.
    """
    if budget_s <= 0:
        raise ValueError(f"a training budget must be positive, not {budget_s} s")
    if not people:
        raise ValueError("people must name at least one generated person to learn from")
    place = choose_device(device)
    learner = Pretraining(_first(start, seed), seed, place)
    out_dir.mkdir(parents=True, exist_ok=True)
    resume(learner, out_dir, progress)
    crops = load_bank(bank_dir / "cubes", people, progress)
    spend(learner, lambda spent: learner.step(crops, spent), budget_s, out_dir, progress)
    known = start.manifest.metrics if start else {}
    return write_backbone(
        learner.taught(),
        out_dir,
        settings=start.manifest.settings if start else SETTINGS,
        version=version,
        training_data=_training_data(len(crops), people, start),
        metrics={**{key: known[key] for key in ("import",) if key in known}, "training": _figures(learner)},
    )


def _first(start: Encoder | None, seed: int) -> FeatureViT:
    """Give the network to begin with."""
    if start is None:
        return initialised(seed)
    if not isinstance(start.network, FeatureViT):
        raise ValueError("a masked autoencoder is taught to a ViT; fine-tune a Swin transformer instead")
    return start.network


def _training_data(structures: int, people: range, start: Encoder | None) -> str:
    before = f"{start.manifest.training_data}; then " if start else ""
    return (
        f"{before}{structures} structures of {len(people)} generated people (models.anatomy, seeds "
        f"{people[0]} to {people[-1]}): vertebrae on CT, vertebral bodies and discs on sagittal T1 and T2, "
        "muscles on axial T2; no patient data"
    )


def _figures(learner: Pretraining) -> dict[str, Any]:
    return {
        "steps": learner.step_count,
        "seconds": round(learner.elapsed_s),
        "seed": learner.seed,
        "batch": learner.batch,
        "device": learner.device.type,
    }


def load_bank(folder: Path, people: range, say: Progress = say_nothing) -> list[Crop]:
    """Complete the bank and read it."""
    write_scans(CUBES, folder, people, lambda done, total: say(f"generated people: {done} of {total}"))
    paths = [path for seed in people for path in sorted(folder.glob(f"{seed:05d}_*.npz"))]
    crops = [crop for path in paths for crop in _read(path)]
    say(f"{len(crops)} structures in {folder}")
    return crops


def _read(path: Path) -> list[Crop]:
    person, _, role = path.stem.split("_", 2)
    return read_crops(path, person, role)
