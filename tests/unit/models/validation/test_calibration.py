"""Calibration against statsmodels' logistic regression, and against what was put in."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from models.validation.calibration import brier, calibration_line


def test_slope_and_intercept_are_those_of_a_logistic_regression():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=300) * 1.5
    outcome = (rng.random(300) < expit(0.3 + 0.6 * odds)).astype(int)
    fit = sm.Logit(outcome, sm.add_constant(odds)).fit(disp=False)
    slope, intercept = calibration_line(outcome, expit(odds))
    assert (intercept, slope) == pytest.approx(tuple(fit.params), abs=1e-4)


def test_overconfident_probabilities_have_a_slope_below_one():
    rng = np.random.default_rng(1)
    true = expit(rng.normal(size=20_000))
    outcome = (rng.random(20_000) < true).astype(int)
    assert calibration_line(outcome, true) == pytest.approx((1, 0), abs=0.05)
    assert calibration_line(outcome, expit(2 * logit(true) + 1)) == pytest.approx((0.5, -0.5), abs=0.05)


def test_zeros_and_ones_stay_finite():
    outcome = np.array([0, 0, 1, 1, 0, 1])
    slope, intercept = calibration_line(outcome, [0.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    # a group of three with one event on each side: log-odds -ln 2 at -20.7, +ln 2 at 20.7
    assert slope == pytest.approx(np.log(2) / logit(1 - 1e-9), rel=1e-3)
    assert intercept == pytest.approx(0, abs=1e-3)


def test_what_does_not_vary_has_no_line():
    assert np.isnan(calibration_line([0, 1, 1], [0.4, 0.4, 0.4])).all()
    assert np.isnan(calibration_line([1, 1], [0.4, 0.5])).all()


def test_brier_by_hand():
    assert brier([0, 1], [0.2, 0.5]) == pytest.approx((0.04 + 0.25) / 2)
