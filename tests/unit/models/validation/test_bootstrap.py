"""Patients are drawn whole: an interval from correlated rows must be as wide as from patients."""

import numpy as np
import pytest

from models.validation import bootstrap, delong


def test_it_agrees_with_delong_on_independent_patients():
    rng = np.random.default_rng(1)
    outcome = np.repeat([0, 1], [120, 80])
    score = rng.normal(size=200) + 0.9 * outcome
    expected = delong.auc_interval(outcome, score)
    assert bootstrap.auc_interval(outcome, [score]) == pytest.approx(expected, abs=0.012)


def test_rows_of_one_patient_are_drawn_together():
    rng = np.random.default_rng(2)
    outcome = np.repeat([0, 1], [60, 40])
    score = rng.normal(size=100) + 0.9 * outcome
    alone = bootstrap.auc_interval(outcome, [score])
    four = bootstrap.auc_interval(
        np.repeat(outcome, 4), [np.repeat(score, 4)], groups=np.repeat(np.arange(100), 4)
    )
    blind = bootstrap.auc_interval(np.repeat(outcome, 4), [np.repeat(score, 4)])
    assert four == pytest.approx(alone, abs=0.01)
    assert np.ptp(blind) < 0.6 * np.ptp(four)


def test_the_interval_is_of_the_mean_over_repeats_and_skips_what_was_not_predicted():
    rng = np.random.default_rng(3)
    outcome = np.repeat([0, 1], 50)
    repeats = [rng.normal(size=100) + outcome for _ in range(3)]
    repeats[1][:5] = np.nan
    low, high = bootstrap.auc_interval(outcome, repeats, draws=300)
    areas = [delong.auc(outcome[np.isfinite(one)], one[np.isfinite(one)]) for one in repeats]
    assert low < np.mean(areas) < high


def test_one_class_has_no_interval():
    assert np.isnan(bootstrap.auc_interval([1, 1, 1], [[0.1, 0.2, 0.3]], draws=20)).all()
