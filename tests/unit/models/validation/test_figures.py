"""One model's figures: means over repeats, and None where there is no answer."""

import json

import numpy as np
import pytest

from models.validation.figures import figures


def test_figures_are_means_over_repeats():
    rng = np.random.default_rng(0)
    outcome = np.repeat([0, 1], 40)
    repeats = [1 / (1 + np.exp(-(rng.normal(size=80) + outcome - 0.5))) for _ in range(3)]
    found = figures(outcome, repeats, threshold=0.5)
    each = [figures(outcome, [one], threshold=0.5) for one in repeats]
    for key in ("auc", "accuracy", "brier", "calibration_slope"):
        assert found[key] == pytest.approx(np.mean([one[key] for one in each]), abs=1e-6)
    assert found["auc_by_repeat"] == [one["auc"] for one in each]
    assert found["auc_ci"][0] < found["auc"] < found["auc_ci"][1]
    pooled = figures(outcome, [np.mean(repeats, axis=0)], threshold=0.5)
    assert pooled["auc"] > found["auc"]  # the average of repeats is another model


def test_one_class_gives_none_and_is_json():
    found = figures([0, 0, 0], [[0.1, 0.2, 0.6]], threshold=0.5)
    assert found["auc"] is None and found["auc_ci"] is None
    assert found["specificity"] == pytest.approx(2 / 3, abs=1e-6)
    json.dumps(found, allow_nan=False)
