"""What each chapter says, and that it never says more than was measured."""

import json
import tomllib
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from pipelines.report_training.blocks import Answer, Notice, Table, Text
from pipelines.report_training.chapters.answer import answer
from pipelines.report_training.chapters.baseline import baseline_table
from pipelines.report_training.chapters.checklists import FILES, SITE, checklists
from pipelines.report_training.chapters.patients import flow_parts
from pipelines.report_training.chapters.performance import performance
from pipelines.report_training.chapters.selection import selection
from pipelines.report_training.chapters.trust import trust
from pipelines.report_training.document import document_of
from pipelines.report_training.study import read_study


def _changed(output, **values):
    path = output / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return read_study(output)


def _notices(study, level=None):
    return [
        one.text for one in answer(study).blocks if isinstance(one, Notice) and level in (None, one.level)
    ]


def test_the_answer_is_the_nested_estimate(output):
    study = read_study(output)
    box = answer(study).blocks[0]
    assert isinstance(box, Answer)
    assert f"AUC {study.metrics['nested']['auc']:.2f}" in box.headline
    assert box.kind.startswith("internal estimate (nested cross-validation)") and not box.optimistic
    assert next(fact for fact in box.facts if fact.name == "External AUC").detail.startswith("40 patients")


def test_without_external_patients_the_box_says_so(output):
    study = read_study(output)
    models = {name: one | {"external": None} for name, one in study.metrics["models"].items()}
    facts = answer(_changed(output, models=models)).blocks[0].facts
    assert next(fact for fact in facts if fact.name == "External validation").value == "none"


def test_patients_of_the_same_sites_are_not_called_external(output):
    assert read_study(output).outside == "External patients"
    path = output / "study" / "predictions.csv"
    path.write_text(path.read_text().replace("Дом", "Köln"))
    study = read_study(output)
    assert study.outside == "Patients kept out of training"
    fact = next(one for one in answer(study).blocks[0].facts if "kept out" in one.name)
    assert fact.detail.endswith("; 0 of them from other sites")


def test_the_papers_recipe_is_called_optimistic(output):
    study = read_study(output)
    models = dict(study.metrics["models"])
    models["combined"] = models["combined"] | {"paper": models["combined"]["in_sample"]}
    study = _changed(output, models=models)
    assert any("run for comparison, claims AUC" in text for text in _notices(study, "alarm"))
    rows = [one for one in trust(study).blocks if isinstance(one, Table)]
    assert "Papers' recipe (optimistic)" in rows[0].columns


def test_without_a_nested_estimate_everything_is_red(output):
    study = read_study(output)
    models = {name: one | {"nested": None} for name, one in study.metrics["models"].items()}
    study = _changed(output, models=models)
    box = answer(study).blocks[0]
    assert box.optimistic and "OPTIMISTIC" in box.kind
    assert any(text.startswith("OPTIMISTIC") for text in _notices(study, "alarm"))


def test_simulated_patients_are_called_so(output):
    assert not any("DEMONSTRATION" in text for text in _notices(read_study(output)))
    (output / "manifest.json").write_text(json.dumps({"settings": {"demonstration": True}}))
    assert any("DEMONSTRATION MODEL" in text for text in _notices(read_study(output), "alarm"))


@pytest.mark.parametrize(
    ("permutation", "text"),
    [
        ({"n": 9, "p": 0.1, "auc": [0.5] * 9}, "9 permutations cannot show p below .10"),
        ({"n": 199, "p": 0.2, "auc": [0.5] * 199}, "Permutation test: p = .20; it may be chance."),
    ],
)
def test_doubts_about_chance(output, permutation, text):
    assert any(text in notice for notice in _notices(_changed(output, permutation=permutation)))


def test_an_interval_that_reaches_one_half_shows_no_prediction(output):
    study = read_study(output)
    models = dict(study.metrics["models"])
    models["combined"] = models["combined"] | {
        "nested": models["combined"]["nested"] | {"auc_ci": [0.48, 0.9]}
    }
    assert any("no prediction is shown" in text for text in _notices(_changed(output, models=models)))


def test_a_signature_without_features_says_so(output):
    path = output / "study" / "selection.json"
    chosen = json.loads(path.read_text())
    path.write_text(json.dumps({"rad_sign": chosen["rad_sign"] | {"selected": [], "path": {}}}))
    texts = [one.text for one in selection(read_study(output)).blocks if isinstance(one, Text)]
    assert texts == ["Radiomics signature: LASSO kept no feature; the signature says the same of everybody."]


def test_calls_add_up(output):
    table = performance(read_study(output)).blocks[-1]
    nested = table.rows[0]
    assert sum(float(cell) for cell in nested[1:5]) == pytest.approx(100)


def test_flow_ends_in_its_parts():
    flow = [{"step": step, "n": 1} for step in ("rows", "known", "for training", "kept out (external)")]
    assert [len(part) for part in flow_parts(flow)] == [2, 2]
    assert [len(part) for part in flow_parts(flow[:3])] == [3, 0]


def test_baseline_rows_follow_the_kind_of_variable():
    rng = np.random.default_rng(0)
    clinical = pd.DataFrame(
        {
            "outcome": [0] * 30 + [1] * 30,
            "clinical.age": np.round(rng.permutation(np.linspace(40, 80, 60)), 1),
            "clinical.osteoporosis": [0] * 25 + [1] * 5 + [1] * 20 + [0] * 10,
            "clinical.sex": ["M", "F", None] * 20,
        }
    )
    table = baseline_table(clinical, "outcome", {0: "Without", 1: "With"}, {}, "Baseline")
    assert table is not None
    first = {row[0]: row for row in table.rows}
    assert "n\u00a0=\u00a030" in table.columns[1]
    assert first["Osteoporosis"][1:3] == ("5 (17 %)", "20 (67 %)") and first["Osteoporosis"][3] == "chi²"
    assert first["   female"][1] == "10 (50 %)"
    assert "Missing: Sex: Without 10, With 10." in table.note
    assert first["Age (years)"][3] in ("Student's t", "Welch's t", "Mann-Whitney U")


def test_there_is_nothing_to_compare_in_one_group():
    clinical = pd.DataFrame({"outcome": [0, 0], "clinical.age": [50.0, 60.0]})
    assert baseline_table(clinical, "outcome", {0: "a", 1: "b"}, {}, "") is None


@pytest.mark.parametrize(("name", "items"), list(zip(FILES, (52, 58), strict=True)))
def test_checklists_are_whole(name, items):
    text = files("pipelines.report_training").joinpath("checklists", name).read_text(encoding="utf-8")
    numbers = [one["no"] for one in tomllib.loads(text)["item"]]
    assert len(numbers) == len(set(numbers)) == items


def test_checklists_point_at_chapters_that_are_there(output):
    document = document_of(read_study(output))
    titles = {chapter.title for chapter in document.chapters}
    tables = [one for one in document.chapters[-2].blocks if isinstance(one, Table)]
    for _, _, where in (row for table in tables for row in table.rows):
        place = where.removeprefix("Partly: ")
        assert place.startswith(SITE) or any(place.startswith(title) for title in titles), where


def test_what_was_not_measured_is_not_claimed(output):
    for name in ("clinical.csv", "selection.json", "cohort.json"):
        (output / "study" / name).unlink()
    study = read_study(output)
    chapter = checklists(study, {"patients": "Patients", "selection": "What the models rest on"})
    rows = {row[0]: row[2] for row in chapter.blocks[1].rows}
    assert rows["20a"] == f"{SITE}: no flow was recorded"
    assert rows["20b"] == f"{SITE}: no clinical variables were given"
