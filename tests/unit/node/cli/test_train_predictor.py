"""`lumbar-node train` on a site's patients: what is wrong is one line, what is right ends in a package."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from node.cli.main import app

DESCRIPTION = """\
schema = 1
name = "tiny"
title = "a small predictor"
intended_use = "tests"
[outcome]
definition = "simulated"
[[variants]]
name = "disc"
blocks = ["mr_sag_t2.disc.radiomics"]
[recipe]
folds = 3
search_folds = 2
classifiers = ["logistic_regression"]
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*words):
        return CliRunner().invoke(app, ["train", *words], catch_exceptions=False)

    return command


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    outcome = np.tile([0, 1], 30)
    frame = pd.DataFrame({"ID": [f"case {i}" for i in range(60)], "Target": outcome})
    for i in range(5):
        frame[f"x{i}"] = rng.normal(size=60) + (0.8 * outcome if i < 2 else 0)
    frame.to_csv(tmp_path / "table.csv", index=False)
    own = frame.rename(columns={"ID": "patient", "Target": "outcome"})
    own.columns = [c if c in ("patient", "outcome") else f"mr_sag_t2.disc.radiomics.{c}" for c in own.columns]
    own.to_csv(tmp_path / "features.csv", index=False)
    (tmp_path / "tiny.toml").write_text(DESCRIPTION)
    return frame


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["asdg", "--cohort", "features.csv"], 3, "no predictor is called 'asdg'; did you mean asdeg?"),
        (["asdeg"], 2, "name the patients"),
        (["asdeg", "--cohort", "features.csv", "--version-name", "../x"], 2, "--version-name '../x'"),
        (["asdeg", "--cohort", "a.csv", "--features", "b.csv"], 2, "not both"),
        (["--cohort", "features.csv"], 2, "--cohort needs the predictor"),
        (["asdeg", "--cohort", "missing.csv"], 3, "missing.csv: there is no such file"),
        (["pain", "--cohort", "features.csv"], 3, "state yours with --vas-cutoff"),
        (["none.toml", "--cohort", "features.csv"], 3, "none.toml: cannot be read"),
        (["--features", "table.csv", "--outcome", "Targt", "--id", "ID"], 3, "nearest are Target"),
        (["--features", "table.csv", "--outcome", "Target", "--id", "ID", "--folds", "1"], 3, "--folds 1"),
        (["--features", "table.csv", "--outcome", "Target", "--id", "ID", "--drop", "y"], 3, "'y' (--drop)"),
        (["tiny.toml", "--cohort", "features.csv", "--icc", "table.csv"], 3, "is no stability.csv"),
    ],
)
def test_what_is_wrong_is_one_line(run, table, words, code, text):
    found = run(*words, "--out", "out")
    assert found.exit_code == code, found.output
    lines = found.stderr.strip().splitlines()
    assert len(lines) == 1 and text in lines[0]


def test_a_list_of_studies_is_extracted_first(run, tmp_path):
    """What the images cannot give is told as `extract` tells it; the way on is an integration test's."""
    (tmp_path / "cohort.csv").write_text("patient,studies,outcome\nP1,a;b,1\n")
    found = run("asdeg", "--cohort", "cohort.csv", "--out", "out")
    assert found.exit_code == 3
    assert "COHORT_INVALID" in found.stderr and "row 2, column studies" in found.stderr
    found = run("pain", "--cohort", "cohort.csv", "--out", "out")  # before anything is extracted
    assert found.exit_code == 3 and "--vas-cutoff" in found.stderr


def test_a_predictor_of_its_own_is_trained_packed_and_reported(run, table, tmp_path):
    words = ("--folds", "3", "--repeats", "1", "--permutations", "0", "--no-learning-curve", "--jobs", "1")
    found = run("tiny.toml", "--cohort", "features.csv", "--out", "out", *words)
    assert found.exit_code == 0, found.output
    assert "radiomics: nested AUC 0." in found.stdout and "nested fit 3 of 3" in found.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"manifest.json", "disc.skops", "metrics.json", "report.html", "report.pdf", "study"}
    again = run("tiny.toml", "--cohort", "features.csv", "--out", "out", *words)
    assert again.exit_code == 0 and " passed, " not in again.stdout


def test_the_other_trainings_are_still_there(run):
    assert "--task" in run("segmentation", "--help").stdout
    assert "segmentation" in run("--help").stdout
