"""An encoder judged: the probes on people of their own, written into its manifest and card."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from models.manifest import Manifest
from models.training.backbone import load_bank
from models.training.backbone_card import add_figures
from models.training.loop import Progress, say_nothing
from models.training.probe import DRAWS, FOLDS, compare
from models.vit import Encoder, build, load

PEOPLE = range(59000, 59060)
"""Held-out people: none of them is in any network's training."""


def judge_backbone(
    folder: Path,
    bank_dir: Path,
    people: range = PEOPLE,
    *,
    device: str = "cpu",
    progress: Progress = say_nothing,
    draws: int = DRAWS,
) -> tuple[Manifest, bool]:
    """Probe an encoder against random weights of the same network, and keep the figures with it.

    Parameters
    ----------
    folder : Path
        The encoder's; manifest and card get the figures.
    bank_dir : Path
        Folder of banks; `bank_dir`/probe is filled with the people that are missing.
    people : range
        Whom it has not seen; five at least.
    device : str
    progress : callable
    draws : int
        Of the bootstrap.

    Returns
    -------
    manifest : Manifest
    better : bool
        Whether it is better than random weights: `is_better`.

    Raises
    ------
    ValueError
        If there are too few people, or a file of the bank is damaged.
    models.manifest.ManifestError
        If the encoder's files are missing or damaged.
    """
    if len(people) < FOLDS:
        raise ValueError(f"a probe needs {FOLDS} people at least, not {len(people)}")
    folder = folder.resolve()
    trained = load(folder.name, folder.parent, device)
    crops = load_bank(bank_dir / "probe", people, progress)
    found = compare({"random": _random(trained), "trained": trained}, crops, draws)
    better = is_better(found)
    found["method"] = (
        f"Linear probes (`models.training.probe`) on {len(people)} generated people whom it has not seen "
        f"(seeds {people[0]} to {people[-1]}), out of fold over people; 95 % intervals from {draws} draws of "
        f"a bootstrap over people. Mean difference to random weights {_text(found['mean_difference'])}: "
        f"{'better' if better else 'not shown to be better'} than random weights."
    )
    return add_figures(folder, {"probe": found}), better


def is_better(found: Mapping[str, Any]) -> bool:
    """Tell by the rule of docs/deep-features.md: better over all targets, worse on none, beyond chance."""
    return bool(
        found["mean_difference"]["low"] > 0 and all(row["difference"]["high"] >= 0 for row in found["rows"])
    )


def _random(trained: Encoder) -> Encoder:
    """Give the same network with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(trained.manifest.settings).eval().to(trained.device)
    return replace(trained, network=network)


def _text(values: Mapping[str, float]) -> str:
    return f"{values['value']:.3f} ({values['low']:.3f} to {values['high']:.3f})"
