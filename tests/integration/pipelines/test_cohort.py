"""From generated people as DICOM to a feature table, the real way; about a minute on one idle core."""

import csv
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from models.signatures.cohorts import Plan
from node.cli.main import app
from pipelines.cohort import read_cohort
from pipelines.phantom.cohort import write_cohort

PEOPLE = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(Plan("pain", PEOPLE, 0.8, 1, 0.0, 0.0, seed=3), folder)
    return folder


def extract(folder: Path, sheet: str) -> Result:
    out = folder / "features.parquet"
    return CliRunner().invoke(app, ["extract", str(folder / sheet), "--out", str(out), "--device", "cpu"])


def test_generated_people_are_a_good_cohort(folder: Path) -> None:
    cohort = read_cohort(folder / "cohort.csv")
    assert len(cohort.patients) == PEOPLE
    assert all(len(patient.files) > 100 and patient.fused_levels for patient in cohort.patients)
    said = json.loads((folder / "simulation.json").read_text())
    assert said["property"] == "multifidus_fat" and said["kind"] == "dicom"
    truth = pd.read_csv(folder / "truth.csv")
    facts = [json.loads((folder / name / "facts.json").read_text()) for name in truth["patient"]]
    fat = pd.Series([one["multifidus_fat"] for one in facts])
    assert fat.between(0.005, 0.95).all() and fat.nunique() == PEOPLE
    assert list(truth["true_risk"].rank()) == list(fat.rank())


def test_one_sequence_is_extracted_a_failure_listed_and_nothing_computed_twice(folder: Path) -> None:
    (folder / "junk").mkdir()
    (folder / "junk" / "a.dcm").write_bytes(b"no DICOM")
    with (folder / "some.csv").open("w", newline="") as stream:
        rows = [("P1", "P00001/mr/mr_sag_t2", "L4-L5", 1), ("P2", "junk", "", 0)]
        csv.writer(stream).writerows([("patient", "studies", "fused_levels", "outcome"), *rows])
    first = extract(folder, "some.csv")
    assert first.exit_code == 3, first.output
    assert "P1 computed" in first.output and "P2 failed at selection: NOT_DICOM" in first.output
    table = pd.read_parquet(folder / "features.parquet")
    assert list(table["patient"]) == ["P1"] and list(table["outcome"]) == [1]
    assert table["scanner.mr_sag_t2"][0] == "GENERATED|ANATOMY GENERATOR MR|1.5"
    assert {"clinical.age", "clinical.sex", "clinical.bmi"} <= set(table.columns)  # from the header
    for group in ("disc", "body", "adjacent_disc", "adjacent_body"):
        assert f"mr_sag_t2.{group}.radiomics.original_firstorder_Mean" in table.columns
        assert f"mr_sag_t2.{group}.deep.deep_000" in table.columns
    made_by = json.loads(pq.read_schema(folder / "features.parquet").metadata[b"lumbar_node"])
    assert set(made_by["models"]) == {"mr_sag_t2", "deep"} and len(made_by["profiles"]) == 2
    failures = (folder / "features.failures.csv").read_text().splitlines()
    assert failures[0] == "patient,stage,code,text" and failures[1].startswith("P2,selection,NOT_DICOM")
    again = extract(folder, "some.csv")
    assert "P1 was there" in again.output and again.exit_code == 3
