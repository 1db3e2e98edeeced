"""From an empty folder to an encoder with manifest, card and log; and on from there."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.training.backbone import VERSION, train_backbone
from models.training.backbone_card import add_figures
from models.training.bank import write_scans
from models.training.cube_bank import CUBES
from models.vit import SETTINGS, initialised, load

ONE = range(5, 6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root, said = tmp_path_factory.mktemp("backbone"), []
    write_scans(replace(CUBES, spacing=6.0), root / "bank" / "cubes", ONE)  # coarse: a quick person
    train_backbone(root / "bank", root / "vit", budget_s=0.05, people=ONE, device="cpu", progress=said.append)
    return root, said


def test_writes_an_encoder_with_manifest_card_and_log(trained: tuple[Path, list[str]]) -> None:
    root, said = trained
    encoder = load("vit", root)
    assert encoder.manifest.version == VERSION
    assert encoder.manifest.settings == SETTINGS
    assert encoder.manifest.metrics["training"]["steps"] == 1
    assert "of 1 generated people (models.anatomy, seeds 5 to 5)" in encoder.manifest.training_data
    assert sum(weight.numel() for weight in encoder.network.parameters()) < 8_000_000
    assert (root / "vit" / "weights.safetensors").stat().st_size < 16 * 2**20
    with (root / "vit" / "training.csv").open() as stream:
        assert [row["step"] for row in csv.DictReader(stream)] == ["1"]
    assert (root / "vit" / "training.png").is_file()
    assert "75 % of the patches hidden: 1 steps" in (root / "vit" / "MODEL_CARD.md").read_text()
    assert said[-1].startswith("step 1, ")


def test_goes_on_where_it_ended_with_its_own_seed(trained: tuple[Path, list[str]]) -> None:
    root, _ = trained
    said: list[str] = []
    again = train_backbone(
        root / "bank", root / "vit", budget_s=0.01, people=ONE, device="cpu", progress=said.append
    )
    assert said[0].startswith("continuing at step 1")
    assert again.metrics["training"]["steps"] == 1  # the budget was spent before
    with pytest.raises(ValueError, match="begun with seed 0, not 4"):
        train_backbone(root / "bank", root / "vit", budget_s=1, people=ONE, device="cpu", seed=4)


def test_another_training_may_begin_with_it(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    manifest = train_backbone(
        root / "bank", tmp_path, budget_s=0.01, people=ONE, device="cpu", start=load("vit", root)
    )
    assert manifest.training_data.count("generated people") == 2


def test_a_damaged_file_of_the_bank_is_named(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    bank = shutil.copytree(root / "bank", tmp_path / "bank")
    path = sorted((bank / "cubes").iterdir())[1]
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=f"{path.name} is damaged; delete it, it is made again"):
        train_backbone(bank, tmp_path / "out", budget_s=1, people=ONE, device="cpu")


def test_refuses_what_cannot_be_trained(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        train_backbone(tmp_path, tmp_path, budget_s=0)
    with pytest.raises(ValueError, match="at least one generated person"):
        train_backbone(tmp_path, tmp_path, budget_s=1, people=range(0))
    with pytest.raises(ValueError, match="no device 'cuda:99'"):
        train_backbone(tmp_path, tmp_path, budget_s=1, device="cuda:99")


def test_figures_are_added_and_the_weights_stay(trained: tuple[Path, list[str]]) -> None:
    root, _ = trained
    before = load("vit", root)
    some = {"value": 0.5, "low": 0.4, "high": 0.6}
    row = {"target": "a thing", "score": "R2", "n": 7} | dict.fromkeys(
        ("random", "trained", "difference"), some
    )
    add_figures(root / "vit", {"probe": {"method": "So it was done.", "rows": [row]}})
    after = load("vit", root)
    assert after.manifest.digest == before.manifest.digest
    assert torch.equal(after.network.positions, before.network.positions)
    card = (root / "vit" / "MODEL_CARD.md").read_text()
    assert "| a thing | R2 | 7 | 0.500 (0.400 to 0.600) |" in card
    assert not torch.equal(after.network.positions, initialised(0).positions)
