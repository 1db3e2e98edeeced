"""From an empty folder to a network with its manifest."""

import csv
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

from models.manifest import open_model
from models.training import VERSION
from models.training.export import SETTINGS
from models.training.segmentation import train_segmentation
from models.unet import UNet

ONE = range(5, 6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root, said = tmp_path_factory.mktemp("training"), []
    train_segmentation(
        "sagittal",
        root / "bank",
        root / "sagittal",
        budget_s=0.05,
        progress=said.append,
        people=ONE,
        device="cpu",
    )
    return root, said


def test_writes_a_network_with_its_manifest_and_log(trained: tuple[Path, list[str]]) -> None:
    root, said = trained
    _, manifest = open_model("sagittal", root)
    assert manifest.settings == SETTINGS["sagittal"]
    assert "4 scans of 1 generated people" in manifest.training_data
    assert manifest.metrics["training"]["steps"] == 1
    with (root / "sagittal" / "training.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["step"] for row in rows] == ["1"]
    assert float(rows[0]["loss"]) > 0
    assert manifest.version == VERSION
    assert "generated people: 1 of 1" in said
    assert said[-1].startswith("step 1, ")


def test_continues_where_it_ended(trained: tuple[Path, list[str]]) -> None:
    root, _ = trained
    said: list[str] = []
    log = root / "sagittal" / "training.csv"
    rows = log.read_bytes()
    log.write_bytes(rows + b"50,9.5,1.5,0.003\r\n")  # of a run that ended before its next checkpoint
    scans = sorted((root / "bank" / "sagittal").iterdir())
    assert [path.suffix for path in scans] == [".npz"] * 4
    written = [path.stat().st_mtime_ns for path in scans]
    manifest = train_segmentation(
        "sagittal",
        root / "bank",
        root / "sagittal",
        budget_s=0.01,
        progress=said.append,
        people=ONE,
        device="cpu",
        version="9.1",
    )
    assert manifest.version == "9.1"
    assert log.read_bytes() == rows
    assert [path.stat().st_mtime_ns for path in scans] == written  # the bank was there already
    assert any(line.startswith("continuing at step 1") for line in said)
    assert manifest.metrics["training"]["steps"] == 1  # the budget was spent before


def test_refuses_the_checkpoint_of_another_network(trained: tuple[Path, list[str]]) -> None:
    root, _ = trained
    with pytest.raises(ValueError, match="state of another network"):
        train_segmentation("axial", root / "bank", root / "sagittal", budget_s=1, people=ONE, device="cpu")


def test_refuses_another_seed(trained: tuple[Path, list[str]]) -> None:
    root, _ = trained
    with pytest.raises(ValueError, match="begun with seed 0, not 4"):
        train_segmentation(
            "sagittal", root / "bank", root / "sagittal", budget_s=1, people=ONE, device="cpu", seed=4
        )


def test_a_damaged_file_of_the_bank_is_named(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    bank = shutil.copytree(root / "bank", tmp_path / "bank")
    path = sorted((bank / "sagittal").iterdir())[2]
    whole = path.read_bytes()
    for content in (whole[:5000], b"", b"hello", whole[:5000] + bytes(500) + whole[5500:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path.name} is damaged; delete it, it is made again"):
            train_segmentation("sagittal", bank, tmp_path / "out", budget_s=1, people=ONE, device="cpu")


def test_begins_with_the_weights_of_another(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    out = tmp_path / "next"
    manifest = train_segmentation(
        "sagittal", root / "bank", out, budget_s=0.01, people=ONE, device="cpu", start=root / "sagittal"
    )
    assert "begun with lumbar-node sagittal U-Net" in manifest.training_data
    assert "then 4 scans of 1 generated people" in manifest.training_data
    before, after = (load_file(folder / "weights.safetensors") for folder in (root / "sagittal", out))
    fresh = UNet(3, 8, (16, 32, 64, 128, 192), 2).state_dict()
    for name in ("head.weight", "encoder.0.0.0.weight"):
        moved = (after[name].float() - before[name].float()).abs().max()
        assert moved < 0.01 < (after[name].float() - fresh[name]).abs().max()


def test_the_mean_lies_between_beginning_and_end(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    begun, bank, end = root / "sagittal", root / "bank", tmp_path / "end"
    same = {"budget_s": 0.3, "people": ONE, "device": "cpu", "start": begun}
    train_segmentation("sagittal", bank, end, **same)
    shutil.copytree(end, tmp_path / "mean")  # its budget is spent: only the export is another
    manifest = train_segmentation("sagittal", bank, tmp_path / "mean", **same, mean_with_start=True)
    assert manifest.training_data.startswith("mean of the weights before and after; begun with")
    first, last, mean = (
        load_file(folder / "weights.safetensors")["encoder.0.0.1.running_var"].float()
        for folder in (begun, end, tmp_path / "mean")
    )
    assert (last - first).abs().max() > 0.01
    assert ((first + last) / 2 - mean).abs().max() < 0.002


def test_refuses_to_begin_with_what_does_not_fit(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    root, _ = trained
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="not the axial network"):
        train_segmentation("axial", root / "bank", out, budget_s=1, people=ONE, start=root / "sagittal")
    shutil.copytree(root / "sagittal", tmp_path / "sagittal")
    (tmp_path / "sagittal" / "weights.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"--start: .*damaged or replaced"):
        train_segmentation(
            "sagittal", root / "bank", out, budget_s=1, people=ONE, start=tmp_path / "sagittal"
        )


def test_refuses_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no device 'cuda:99': choose auto, cpu, or cuda\[:n\]; there are"):
        train_segmentation("ct", tmp_path, tmp_path / "out", budget_s=1, device="cuda:99")
    assert not (tmp_path / "out").exists()


def test_refuses_what_cannot_be_trained(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are sagittal, ct, vertebra, axial"):
        train_segmentation("brain", tmp_path, tmp_path, budget_s=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be positive"):
        train_segmentation("ct", tmp_path, tmp_path, budget_s=0)
    with pytest.raises(ValueError, match="at least one generated person"):
        train_segmentation("ct", tmp_path, tmp_path, budget_s=1, people=range(0))
