import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.signatures.cohort_files import FEATURES, SIMULATION, TRUTH, write_features
from models.signatures.cohorts import Plan
from models.signatures.description import built_in
from models.signatures.table import read_table


@pytest.mark.parametrize("name", [FEATURES, "features.csv.gz"])
def test_what_is_written_is_read_as_a_feature_table(tmp_path: Path, name: str) -> None:
    plan = Plan("asdeg", 60, 0.85, 2, 0.5, 0.1, seed=4)
    said = write_features(plan, tmp_path, name)
    table = read_table(tmp_path / name, description=built_in("asdeg"))
    assert len(table) == 60
    assert int(table.external.sum()) > 0
    assert set(table.clinical["osteoporosis"].dropna()) == {True, False}
    assert int(table.outcome.sum()) == said["events"]
    assert table.scanners.shape == (60, 4)


def test_truth_and_simulation_agree_with_the_table(tmp_path: Path) -> None:
    said = write_features(Plan("pain", 200, 0.8, 3, 0.0, 0.0, seed=1), tmp_path)
    truth, table = pd.read_csv(tmp_path / TRUTH), pd.read_parquet(tmp_path / FEATURES)
    assert list(truth["patient"]) == list(table["patient"])
    auc = roc_auc_score(table["outcome"], truth["true_risk"])
    assert said["auc_of_true_risk"]["all"] == pytest.approx(auc, abs=1e-4)
    assert said["best_possible_auc"] == pytest.approx(0.8, abs=0.04)
    assert set(said["auc_of_true_risk"]) == {"all", "train", "test", "external"}
    assert json.loads((tmp_path / SIMULATION).read_text()) == said
    assert said["notice"].startswith("GENERATED")
    assert np.isfinite(table.filter(regex="^mr_").to_numpy()).all()
