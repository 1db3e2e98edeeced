"""The card of a network is written with its weights, and again when figures come later."""

from pathlib import Path

import pytest
import torch

from models.manifest import open_model
from models.training.card import PURPOSES, add_metrics
from models.training.export import SETTINGS, export


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "axial"
    out.mkdir()
    (out / "training.csv").write_text(
        "step,elapsed_s,loss,learning_rate\n50,10,2.5,0.003\n100,20,1.5,0.002\n"
    )
    export(
        {"a.weight": torch.zeros(1000, 250), "a.num_batches_tracked": torch.tensor(3)},
        "axial",
        out,
        version="1.2.3",
        training_data="300 scans of 100 generated people; no patient data",
        metrics={"training": {"steps": 100, "seconds": 20, "seed": 0}},
    )
    return out


def test_the_card_says_what_went_in(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    assert card.startswith("# lumbar-node axial U-Net 1.2.3\n")
    assert "0.25 M parameters" in card
    assert "300 scans of 100 generated people; no patient data. 100 steps in 20 seconds" in card
    assert "Measured" not in card
    assert "`training.csv` and `training.png` are the log." in card
    assert (folder / "training.png").read_bytes().startswith(b"\x89PNG")


def test_figures_measured_later_are_added_and_the_weights_stay(folder: Path) -> None:
    digest = open_model("axial", folder.parent)[1].digest
    add_metrics(folder, "axial", {"method": "strict Dice on one subject", "water: any": 0.9})
    _, manifest = open_model("axial", folder.parent)
    assert manifest.digest == digest
    assert manifest.metrics["training"]["steps"] == 100
    assert "**Measured.** strict Dice on one subject." in (folder / "MODEL_CARD.md").read_text()
    assert "| water: any | 0.9 |" in (folder / "MODEL_CARD.md").read_text()


def test_every_network_has_a_purpose() -> None:
    assert set(PURPOSES) == set(SETTINGS)
