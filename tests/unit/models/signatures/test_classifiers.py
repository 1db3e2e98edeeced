from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import roc_auc_score

from models.signatures.classifiers import KINDS, BestClassifier, _chosen, candidates, make
from models.signatures.description import CLASSIFIER_NAMES, FOURTEEN
from models.signatures.files import load_model, save_model


def drawn(n: int = 120, p: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, p))
    return x, (x[:, 0] - x[:, 1] + 0.5 * rng.normal(size=n) > 0).astype(int)


def test_there_are_the_fourteen_of_the_paper_and_bagged_trees() -> None:
    assert set(KINDS) == set(CLASSIFIER_NAMES)
    assert len(FOURTEEN) == 14
    assert set(KINDS) - set(FOURTEEN) == {"bagged_trees", "logistic_shrunken"}


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_every_classifier_learns_is_deterministic_and_survives_its_file(name: str, tmp_path: Path) -> None:
    x, y = drawn()
    model = BestClassifier(None, (name,), folds=2, seed=1).fit(x[:80], y[:80])
    assert roc_auc_score(y[80:], model.predict_proba(x[80:])[:, 1]) > 0.75
    again = clone(model).fit(x[:80], y[:80])
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))
    save_model(model, tmp_path / "m.skops")
    np.testing.assert_array_equal(load_model(tmp_path / "m.skops").predict_proba(x), model.predict_proba(x))


def test_the_setting_is_the_one_with_the_best_mean_area() -> None:
    x, y = drawn()
    model = BestClassifier(None, ("svm_rbf", "decision_tree"), folds=4, rule="best").fit(x, y)
    areas = {}
    for name, setting in candidates(("svm_rbf", "decision_tree")):
        parts = []
        for train, test in model._splits(y, None):
            plain = KINDS[name].make(0).set_params(**setting).fit(x[train], y[train])
            score = (
                plain.decision_function if name == "svm_rbf" else lambda v, m=plain: m.predict_proba(v)[:, 1]
            )
            parts.append(roc_auc_score(y[test], score(x[test])))
        areas[name, str(setting)] = np.mean(parts)
    assert max(areas, key=lambda key: areas[key]) == (model.name_, str(model.setting_))
    assert model.scores_[model.name_] == pytest.approx(max(areas.values()))


def test_the_simplest_is_taken_of_those_within_a_standard_error() -> None:
    tried = [("logistic_regression", {}), ("mlp", {"a": 1}), ("mlp", {"a": 2})]
    close = np.array([[0.80, 0.82, 0.81, 0.80], [0.70] * 4, [0.82, 0.80, 0.83, 0.79]])
    assert _chosen(tried, close, "one_se") == 0
    assert _chosen(tried, close, "best") == 2
    clear = np.array([[0.60, 0.62, 0.61, 0.60], [0.70] * 4, [0.82, 0.80, 0.83, 0.79]])
    assert _chosen(tried, clear, "one_se") == 2


def test_the_simplest_is_taken_unless_it_is_beaten_significantly() -> None:
    tried = [("logistic_regression", {}), ("mlp", {})]
    # the paired difference: mean .044, SD .045; corrected standard error .030, t = 1.46 of 2.13 needed
    lucky = np.array([[0.70, 0.72, 0.71, 0.75, 0.70], [0.80, 0.72, 0.80, 0.76, 0.72]])
    assert _chosen(tried, lucky, "one_se") == 1
    assert _chosen(tried, lucky, "significant") == 0
    clear = np.array([[0.70, 0.72, 0.71, 0.75, 0.70], [0.80, 0.80, 0.80, 0.86, 0.82]])
    assert _chosen(tried, clear, "significant") == 1


def test_no_classifier_is_judged_on_samples_that_chose_its_features() -> None:
    """On noise, 5 of 2000 features that were chosen with all samples would show an AUC above .8."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 2000)), np.tile([0, 1], 40)
    model = BestClassifier(SelectKBest(k=5), ("logistic_regression", "naive_bayes"), folds=5).fit(x, y)
    assert max(model.scores_.values()) < 0.65
    assert roc_auc_score(y, model.out_of_fold_) < 0.65
    assert roc_auc_score(y, model.predict_proba(x)[:, 1]) > 0.75


def test_scores_that_are_no_probabilities_are_calibrated() -> None:
    x, y = drawn()
    probability = make("svm_linear", {"C": 1.0}, 0).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    assert abs(probability[:, 1].mean() - y.mean()) < 0.05
