"""`lumbar-node train backbone` and `models import-backbone`, from the command line to the folder."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from models.manifest import open_model
from models.training.patient_cubes import write_patient
from models.vit import initialised, load, write
from node.cli.errors import ExitCode
from node.cli.main import app

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 1, "heads": 2}
ABOUT = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x") | {"metrics": {}}
PATIENTS = [f"P{number:02d}" for number in range(24)]


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "cubes").mkdir()
    random = np.random.default_rng(0)
    for patient in PATIENTS:
        crop = random.normal(0, 1, (4, 8, 8)).astype(np.float32)
        write_patient(tmp_path / "cubes" / f"{patient}.npz", {("ct", "L1 vertebra"): crop})
    with (tmp_path / "table.csv").open("w", newline="") as stream:
        rows = [(patient, number % 2, "train") for number, patient in enumerate(PATIENTS)]
        csv.writer(stream).writerows([("patient", "outcome", "split"), *rows])
    write(initialised(5, SMALL), tmp_path / "start", SMALL, ABOUT)
    return tmp_path


def _fine_tune(run: CliRunner, site: Path, *more: str):
    given = ["--finetune", str(site / "table.csv"), "--cubes", str(site / "cubes"), "--epochs", "1"]
    start = ["--start", str(site / "start"), "--out", str(site / "out"), "--device", "cpu"]
    return run.invoke(app, ["train", "backbone", *given, *start, *more])


def test_fine_tuning(run: CliRunner, site: Path) -> None:
    done = _fine_tune(run, site, "--learn", "1")
    assert done.exit_code == ExitCode.OK, done.output
    assert "epoch 1 of 1" in done.stdout
    _, manifest = open_model("out", site)
    assert manifest.digest in done.stdout
    assert load("out", site).network.hidden == 24


def test_patients_without_cubes(run: CliRunner, site: Path) -> None:
    for patient in PATIENTS[:5]:
        (site / "cubes" / f"{patient}.npz").unlink()
    done = _fine_tune(run, site)
    assert done.exit_code == ExitCode.USAGE
    assert "there is neither NAME.npz nor a folder NAME for P" in done.stderr
    assert done.stderr.rstrip().endswith("and 2 more")


def test_half_a_request(run: CliRunner, site: Path) -> None:
    done = run.invoke(app, ["train", "backbone", "--out", str(site), "--cubes", str(site)])
    assert (done.exit_code, "belong together" in done.stderr) == (ExitCode.USAGE, True)


def test_a_start_that_is_no_encoder(run: CliRunner, site: Path) -> None:
    done = run.invoke(app, ["train", "backbone", "--out", str(site / "out"), "--start", str(site)])
    assert done.exit_code == ExitCode.FAILED
    assert "the model's manifest cannot be read" in done.stderr


def test_weights_from_elsewhere_become_an_encoder(run: CliRunner, tmp_path: Path) -> None:
    theirs = initialised(3, {**SMALL, "side": 128}).backbone.state_dict()
    theirs["head.weight"] = torch.ones(2, 24)
    save_file(theirs, tmp_path / "theirs.safetensors")
    given = [str(tmp_path / "theirs.safetensors"), "--out", str(tmp_path / "mine"), "--heads", "2"]
    done = run.invoke(app, ["models", "import-backbone", *given])
    assert done.exit_code == ExitCode.OK, done.output
    assert "100.0% of the parameters come from theirs.safetensors" in done.stdout
    assert "in the file, not used: head.weight" in done.stdout
    encoder = load("mine", tmp_path)
    assert set(encoder.manifest.files) == {"weights.safetensors", "import.json"}
    assert encoder.manifest.license == "see the weights' source"


def test_weights_that_are_none(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "theirs.pt").write_bytes(b"hello")
    done = run.invoke(app, ["models", "import-backbone", str(tmp_path / "theirs.pt"), "--out", str(tmp_path)])
    assert done.exit_code == ExitCode.NOT_USABLE
    assert "theirs.pt: damaged" in done.stderr
