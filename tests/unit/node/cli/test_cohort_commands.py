"""`extract` and `simulate` as far as nothing is computed."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from node.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_extract_lists_every_mistake_before_it_computes(tmp_path: Path) -> None:
    sheet = tmp_path / "cohort.csv"
    sheet.write_text("patient,studies,age\nP1,nowhere,6100\nP1,,61\n", encoding="utf-8")
    result = run("extract", sheet, "--out", tmp_path / "f.parquet")
    assert result.exit_code == 3
    for part in (
        "COHORT_INVALID",
        "4 problems",
        "row 2, column studies",
        "row 2, column age",
        "row 3, column patient",
    ):
        assert part in result.output
    assert not (tmp_path / "f.parquet.d").exists()


def test_extract_refuses_a_table_of_another_kind(tmp_path: Path) -> None:
    result = run("extract", tmp_path / "cohort.csv", "--out", tmp_path / "f.xlsx")
    assert result.exit_code == 2 and "must end in .parquet, .csv.gz, .csv" in result.output


@pytest.mark.parametrize(("option", "name"), [((), "features.parquet"), (("--csv",), "features.csv.gz")])
def test_simulate_writes_a_cohort(tmp_path: Path, option: tuple[str, ...], name: str) -> None:
    result = run(
        "simulate", "--out", tmp_path, "--predictor", "pain", "--patients", 40, "--effect", "large", *option
    )
    assert result.exit_code == 0, result.output
    assert "40 generated patients" in result.output and "best possible AUC 0.8" in result.output
    table = pd.read_csv(tmp_path / name) if option else pd.read_parquet(tmp_path / name)
    assert len(table) == 40
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "truth.csv", "simulation.json"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--effect", "huge"), "--effect huge: must be small, medium, large"),
        (("--effect", "1.2"), "effect 1.2: must be a best possible AUC"),
        (("--patients", "10"), "patients 10: must be 20 or more"),
        (("--sites", "9", "--patients", "40"), "sites 9: must be 1 to a fifth"),
        (("--missing", "0.95"), "missing 0.95"),
        (("--kind", "dicom", "--site-shift", "1"), "use --kind features"),
    ],
)
def test_simulate_names_what_is_wrong(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = run("simulate", "--out", tmp_path / "out", *options)
    assert result.exit_code == 2 and said in result.output, result.output
