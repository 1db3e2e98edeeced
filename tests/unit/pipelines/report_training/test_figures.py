"""What the figures are drawn from, and the cases that break a figure."""

import json

import numpy as np
import pytest

from pipelines.report_training.figures.calibration import MINIMUM_EVENTS, groups_of
from pipelines.report_training.figures.cohort import drift_figure, flow_figure, missing_figure
from pipelines.report_training.figures.decision import THRESHOLDS, net_benefit
from pipelines.report_training.figures.importance import MOST, importance_figure
from pipelines.report_training.figures.roc import mean_curve, roc_figure
from pipelines.report_training.figures.selection import selection_figure
from pipelines.report_training.figures.sites import forest_figure
from pipelines.report_training.figures.trust import trust_figure
from pipelines.report_training.study import Scores, read_study


def _scores(n, share, seed):
    rng = np.random.default_rng(seed)
    outcome = (rng.random(n) < share).astype(np.int64)
    return Scores(outcome, np.clip(0.3 * outcome + rng.random(n) * 0.7, 0.001, 0.999))


def test_calibration_groups_have_enough_of_both_outcomes():
    repeats = (_scores(200, 0.3, 0), _scores(200, 0.3, 1))
    groups = groups_of(repeats)
    assert len(groups) > 2
    assert sum(one.n for one in groups) == pytest.approx(200)
    for one in groups:
        assert MINIMUM_EVENTS <= one.n * one.observed <= one.n - MINIMUM_EVENTS
        assert one.low < one.observed < one.high


def test_three_events_make_one_group():
    outcome = np.array([1, 1, 1, *[0] * 60])
    groups = groups_of((Scores(outcome, np.linspace(0.05, 0.9, 63)),))
    assert len(groups) == 1
    assert groups[0].observed == pytest.approx(3 / 63)
    # Wilson's interval of 3 of 63, by the formula's published example form
    z, n, p = 1.959964, 63, 3 / 63
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (groups[0].low, groups[0].high) == pytest.approx((middle - half, middle + half))


def test_mean_curve_of_one_repeat_has_the_area():
    scores = _scores(300, 0.4, 2)
    curve = mean_curve((scores,))
    positive, negative = (scores.probability[scores.outcome == value] for value in (1, 0))
    area = np.mean(positive[:, None] > negative[None, :])
    assert np.trapezoid(curve, np.linspace(0, 1, 201)) == pytest.approx(area, abs=0.01)
    assert (curve[0], curve[-1]) == (0, 1)


def test_net_benefit_by_hand():
    scores = Scores(np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.4, 0.1]))
    at_half = int(np.argmin(abs(THRESHOLDS - 0.5)))
    assert net_benefit((scores,))[at_half] == pytest.approx(1 / 4 - 1 / 4)
    at_fifth = int(np.argmin(abs(THRESHOLDS - 0.2)))
    assert net_benefit((scores,))[at_fifth] == pytest.approx(2 / 4 - 1 / 4 * 0.25)


def test_a_reader_whose_sensitivity_is_not_known_is_no_point(output):
    path = output / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["readers"]["readers"][0]["sensitivity"] = None
    path.write_text(json.dumps(metrics))
    names = [text.get_text() for text in roc_figure(read_study(output)).axes[0].get_legend().get_texts()]
    assert "Surgeon B" in names and "Surgeon A" not in names


def test_a_site_without_both_outcomes_says_so():
    rows = [("北京", {"n": 9, "events": 0, "auc": None, "auc_ci": None})]
    figure = forest_figure(rows, ("All", {"n": 60, "events": 20, "auc": 0.7, "auc_ci": [0.6, 0.8]}), "red")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "0 of 9 with the outcome: no AUC" in texts
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "BeiJing  (n = 9)"


def test_two_hundred_features_draw_the_selected_ones_on_top():
    lambdas = np.geomspace(1, 0.01, 20)
    path = {f"f{i}": (np.linspace(0, 1, 20) * (i % 7 - 3)).tolist() for i in range(200)}
    block = {
        "lambda": 0.1,
        "lambdas": lambdas.tolist(),
        "mse_mean": np.ones(20).tolist(),
        "mse_sd": np.full(20, 0.1).tolist(),
        "path": path,
        "selected": [{"feature": "f3", "coefficient": 0.2, "frequency": 1.0}],
    }
    lines = selection_figure(block, "#0072b2").axes[0].get_lines()
    assert len([line for line in lines if line.get_linewidth() in (0.7, 1.1)]) >= 200
    coloured = [i for i, line in enumerate(lines) if line.get_color() == "#0072b2"]
    assert coloured == [199]


def test_long_names_are_broken_and_the_rest_is_left_out():
    long = "mr_axial_t2.erector_spinae.radiomics.wavelet-LLH_glszm_SmallAreaLowGrayLevelEmphasis"
    selected = [{"feature": long, "coefficient": 0.1 * i, "frequency": 0.5} for i in range(1, 31)]
    axes = importance_figure(selected, "red").axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == MOST
    assert max(len(line) for label in labels for line in label.split("\n")) <= 52


def test_patients_left_out_are_counted():
    figure = flow_figure([{"step": "rows", "n": 30}, {"step": "known", "n": 24}])
    assert "6 left out" in [text.get_text() for text in figure.axes[0].texts]


def test_scanner_and_missing_bars():
    drift = {f"ct: Maker|Model {i}|120": {"n": 20, "psi": i / 50, "by_chance": 0.1} for i in range(30)}
    labels = [label.get_text() for label in drift_figure(drift).axes[0].get_yticklabels()]
    assert labels[0] == "CT: Maker Model 29 120 (n = 20)" and len(labels) == 20
    assert len(missing_figure({"clinical.bmi": 0.1, "x": 0.0}).axes[0].patches) == 1


@pytest.mark.parametrize("permutation", [None, {"n": 3, "p": 0.25, "auc": [0.5, 0.5, 0.5]}])
@pytest.mark.parametrize("learning", [[], [{"n": 40, "auc": 0.6, "sd": None}]])
def test_what_there_is_of_permutations_and_learning_is_drawn(permutation, learning):
    figure = trust_figure(permutation, learning, None, "red")
    assert len(figure.axes) == 2
