"""Fine-tuning on a site's outcome: whom it looks at, and what it leaves behind."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.backbone.seen import SeenError, refuse_seen
from models.manifest import open_model
from models.training.finetune import Plan, finetune_backbone
from models.training.outcome_table import TableError, read_outcomes
from models.training.patient_cubes import read_patient, write_patient
from models.vit import Encoder, initialised, load, write

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 2, "heads": 2}
ABOUT = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x") | {"metrics": {}}
PATIENTS = [f"P{number:02d}" for number in range(30)]


def _outcome(patient: str) -> int:
    return int(patient[1:]) % 2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty patients whose structures are striped across or along, as the outcome says; two for testing."""
    root = tmp_path_factory.mktemp("site")
    (root / "cubes").mkdir()
    random = np.random.default_rng(0)
    for patient in PATIENTS:
        wave = np.sin(np.arange(12) * 2)
        stripes = wave[None, :, None] if _outcome(patient) else wave[None, None, :]
        crops = {
            ("ct", f"L{level} vertebra"): (stripes + random.normal(0, 0.3, (5, 12, 12))).astype(np.float32)
            for level in (1, 2, 3)
        }
        write_patient(root / "cubes" / f"{patient}.npz", crops)
    _write_table(root / "table.csv", [(p, _outcome(p), "test" if p > "P27" else "train") for p in PATIENTS])
    write(initialised(5, SMALL), root / "start", SMALL, ABOUT)
    return root


def _write_table(path: Path, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("patient", "outcome", "split"), *rows])


def _start(site: Path) -> Encoder:
    return load("start", site)


@pytest.fixture(scope="module")
def tuned(site: Path) -> tuple[Path, list[str]]:
    said: list[str] = []
    plan = Plan(site / "table.csv", site / "cubes", epochs=6)
    finetune_backbone(plan, _start(site), site / "tuned", device="cpu", progress=said.append)
    return site / "tuned", said


def test_learns_and_says_whom_it_has_seen(tuned: tuple[Path, list[str]]) -> None:
    folder, said = tuned
    _, manifest = open_model(folder.name, folder.parent)
    figures = manifest.metrics["fine_tuning"]
    assert figures["trained_on"] + figures["stopped_on"] == 28
    assert figures["auc_stopped_on"] > 0.9
    assert said[0].endswith("2 of other splits left alone")
    card = (folder / "MODEL_CARD.md").read_text()
    assert "their features know their outcome and are in-sample" in card
    assert "P01" not in card
    assert set(manifest.files) == {"weights.safetensors", "seen.json"}
    assert len(json.loads((folder / "seen.json").read_text())["patients"]) == 28


def test_features_of_seen_patients_are_refused_for_an_evaluation(tuned: tuple[Path, list[str]]) -> None:
    folder, _ = tuned
    refuse_seen(folder, ["P28", "P29"])
    with pytest.raises(SeenError, match="fine-tuned on P03"):
        refuse_seen(folder, ["P28", "P03"])
    refuse_seen(folder, ["P28", "P03"], in_sample=["P03"])


def test_only_the_last_blocks_change(site: Path) -> None:
    plan = Plan(site / "table.csv", site / "cubes", epochs=1, learning=1)
    finetune_backbone(plan, _start(site), site / "one", device="cpu")
    before = _start(site).network.state_dict()
    after = load("one", site).network.state_dict()
    changed = {name.split(".")[2] for name, value in after.items() if not (value == before[name]).all()}
    assert "1" in changed
    assert changed <= {"1", "weight", "bias"}  # the second block and the norm


def test_goes_on_where_it_was_ended(site: Path) -> None:
    plan = Plan(site / "table.csv", site / "cubes", epochs=1)
    finetune_backbone(plan, _start(site), site / "twice", device="cpu")
    said: list[str] = []
    finetune_backbone(
        replace(plan, epochs=2), _start(site), site / "twice", device="cpu", progress=said.append
    )
    assert said[1].startswith("continuing at step")
    assert said[2].startswith("epoch 2 of 2")
    with pytest.raises(ValueError, match="begun with seed 0, not 1"):
        finetune_backbone(replace(plan, seed=1), _start(site), site / "twice", device="cpu")


def test_patients_without_cubes_are_all_named(site: Path, tmp_path: Path) -> None:
    (tmp_path / "P00.npz").write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"P02\.npz: no such file") as caught:
        finetune_backbone(Plan(site / "table.csv", tmp_path), _start(site), tmp_path / "out", device="cpu")
    assert "P00.npz is damaged; extract its cubes again" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 28


def test_cubes_come_back_as_they_were(site: Path) -> None:
    crops = read_patient(site / "cubes" / "P03.npz")
    assert (crops[0].person, crops[0].role, crops[0].structure) == ("P03", "ct", "L1 vertebra")
    assert crops[0].values.shape == (5, 12, 12)


def test_who_decides_when_to_stop_is_drawn_from_both_outcomes(site: Path) -> None:
    outcomes = read_outcomes(site / "table.csv", 0)
    assert sorted(outcomes.stopping.values()) == [0, 0, 0, 1, 1, 1]
    assert not set(outcomes.stopping) & set(outcomes.training)
    assert outcomes == read_outcomes(site / "table.csv", 0)
    assert outcomes != read_outcomes(site / "table.csv", 1)


def test_faults_of_a_table_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    _write_table(path, [("A", 1, "train"), ("A", 0, "train"), ("", "yes", "train"), ("B", "", "test")])
    with pytest.raises(TableError) as caught:
        read_outcomes(path, 0)
    assert str(caught.value).splitlines() == [
        f"{path}: row 3: patient 'A' stands in row 2 too",
        f"{path}: row 4: patient is empty",
        f"{path}: row 4: outcome 'yes' is neither 0 nor 1",
        f"{path}: 3 patients have the split train; at least 20 are needed",
        f"{path}: 1 patients of the split train have the outcome 0; at least 10 are needed",
        f"{path}: 1 patients of the split train have the outcome 1; at least 10 are needed",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"patient;outcome;split\nA;1;train\n", "lacks the column patient, outcome, split"),
        (b"patient,outcome\nA,1\n", "lacks the column split"),
        ("patient,outcome,split\nJürgen,1,train\n".encode("latin-1"), "is not UTF-8"),
        (b"", "lacks the column"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_outcomes(tmp_path / "table.csv", 0)
