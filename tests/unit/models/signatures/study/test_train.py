"""A whole training on a small generated cohort: files, figures that agree with each other, and going on."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.signatures.package import load_predictor
from models.signatures.study.material import Request, gather
from models.signatures.study.settings import Settings
from models.signatures.train import keep, train

SETTINGS = Settings(recipe="paper", folds=3, repeats=2, permutations=1, learning=(0.6,))


@pytest.fixture(scope="module")
def material(cohort_path, tiny_path, tmp_path_factory):
    table = pd.read_csv(cohort_path, usecols=["patient", "outcome", "split"])
    table = table[table["split"] != "external"]
    readers = tmp_path_factory.mktemp("readers") / "readers.csv"
    calls = pd.DataFrame({"patient": table["patient"], "reader": "A", "call": 1 - table["outcome"]})
    calls.iloc[: len(calls) // 2, 2] = table["outcome"].iloc[: len(calls) // 2]
    calls.to_csv(readers, index=False)
    return gather(Request(table=cohort_path, target=str(tiny_path), readers=readers))


@pytest.fixture(scope="module")
def trained(material, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    lines = []
    found = train(material, out, SETTINGS, lines.append)
    keep(found, material, out, created="2026-01-02", demonstration=True)
    return out, found, lines


@pytest.fixture(scope="module")
def metrics(trained):
    return json.loads((trained[0] / "metrics.json").read_text())


def test_every_file_is_there(trained):
    out = trained[0]
    found = {str(path.relative_to(out)) for path in out.rglob("*") if "cache" not in path.parts}
    files = {"manifest.json", "predictor.json", "MODEL_CARD.md", "metrics.json", "both.skops", "disc.skops"}
    study = {f"study/{name}" for name in ("predictions.csv", "clinical.csv", "selection.json", "cohort.json")}
    assert found >= files | study


def test_the_figures_are_those_of_the_predictions(trained, metrics):
    rows = pd.read_csv(trained[0] / "study" / "predictions.csv")
    assert set(rows["set"]) == {"nested", "in_sample", "external", "site", "paper"}
    for model, found in metrics["models"].items():
        own = rows[(rows["model"] == model) & (rows["set"] == "nested")]
        areas = [roc_auc_score(one["outcome"], one["probability"]) for _, one in own.groupby("repeat")]
        assert found["nested"]["auc"] == pytest.approx(np.mean(areas), abs=1e-6)
        assert len(own) == 2 * metrics["n"] and found["nested"]["auc_ci"][0] < found["nested"]["auc"]
        outside = rows[(rows["model"] == model) & (rows["set"] == "external")]
        expected = roc_auc_score(outside["outcome"], outside["probability"])
        assert found["external"]["auc"] == pytest.approx(expected, abs=1e-6)
    assert metrics["headline"] == "combined"
    assert metrics["nested"]["auc"] == metrics["models"]["combined"]["nested"]["auc"]


def test_the_papers_recipe_stands_beside_and_says_what_it_is(metrics):
    assert metrics["optimistic"] and metrics["recipe"] == "paper"
    for found in metrics["models"].values():
        assert found["paper"]["note"].startswith("optimistic")
    combined = metrics["models"]["combined"]
    assert combined["paper"]["training"]["auc"] > combined["nested"]["auc"]


def test_all_parts_of_the_study_are_measured(metrics):
    assert len(metrics["permutation"]["auc"]) == 1 and 0 < metrics["permutation"]["p"] <= 1
    sizes = [point["n"] for point in metrics["learning_curve"]]
    assert len(sizes) == 2 and sizes == sorted(sizes)
    assert set(metrics["sites"]) == set(metrics["models"]["combined"]["sites"])
    assert {(one["a"], one["b"]) for one in metrics["comparisons"]} >= {("combined", "radiomics")}
    assert metrics["readers"]["readers"][0]["reader"] == "A"
    assert set(metrics["variants"]) == {"disc"} and metrics["variant"] == "both"
    assert metrics["models"]["clinical"]["univariable"][0]["variable"] == "clinical.osteoporosis"


def test_the_selection_is_what_the_kept_model_weighs(trained):
    found = json.loads((trained[0] / "study" / "selection.json").read_text())
    rad = found["rad_sign"]
    at = rad["lambdas"].index(min(rad["lambdas"], key=lambda one: abs(one - rad["lambda"])))
    assert rad["lambda"] == pytest.approx(rad["lambdas"][at], rel=1e-5)
    assert len(rad["mse_mean"]) == len(rad["mse_sd"]) == len(rad["lambdas"])
    for one in rad["selected"]:
        assert rad["path"][one["feature"]][at] == pytest.approx(one["coefficient"], abs=2e-3)
        assert 0 <= one["frequency"] <= 1


def test_the_package_loads_and_gives_what_the_study_says(trained, material):
    out, found, _ = trained
    predictor = load_predictor(out.name, out.parent)
    assert predictor.demonstration and [one.name for one in predictor.variants] == ["both", "disc"]
    seen = material.table.rows(~material.table.external)
    frame = seen.frame.iloc[:5]
    expected = found.study.fitted.probabilities(frame)["combined"]
    np.testing.assert_allclose(predictor.variants[0].model.predict_proba(frame)[:, 1], expected, atol=1e-9)


def test_no_patient_is_in_the_package(trained, material):
    out = trained[0]
    text = " ".join(path.read_text(errors="replace") for path in out.iterdir() if path.is_file())
    assert not any(patient in text for patient in material.table.patients)


def test_a_second_run_fits_nothing_anew_and_says_the_same(trained, material, metrics):
    lines = []
    train(material, trained[0], SETTINGS, lines.append)
    assert not any(" passed, " in line for line in lines)
    assert json.loads((trained[0] / "metrics.json").read_text()) == metrics
    done = [line for line in trained[2] if " passed, " in line]
    assert done[0].startswith("nested fit 1 of 6: ") and done[0].endswith("left")


def test_another_seed_or_table_is_another_study(trained, material, tmp_path):
    short = replace(SETTINGS, recipe="nested", repeats=1, permutations=0, learning=(), seed=5)
    table = replace(material.table, description=material.table.description)
    lines = []
    train(replace(material, table=table), trained[0], short, lines.append)
    assert any(" passed, " in line for line in lines)
