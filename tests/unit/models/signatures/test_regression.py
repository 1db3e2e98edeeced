import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from models.signatures.regression import ClinicalScreen, multivariable, univariable

COLUMNS = ("clinical.osteoporosis", "clinical.diagnosis=a", "clinical.diagnosis=b", "clinical.age")


def drawn(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, n)
    x = np.column_stack([rng.random(n) < 0.3, kind == 1, kind == 2, rng.normal(60, 10, n)]).astype(float)
    odds = 1.2 * x[:, 0] + 1.0 * x[:, 2] - 1.0
    return x, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)


def test_the_odds_ratio_of_a_fourfold_table() -> None:
    exposed = np.array([1.0] * 30 + [0.0] * 50)
    outcome = np.array([1] * 20 + [0] * 10 + [1] * 15 + [0] * 35)
    (effect,) = univariable(exposed[:, None], outcome, ["clinical.osteoporosis"])
    assert effect.odds_ratio == pytest.approx(20 * 35 / (10 * 15))
    spread = 1.959964 * np.sqrt(1 / 20 + 1 / 10 + 1 / 15 + 1 / 35)
    assert effect.low == pytest.approx(effect.odds_ratio * np.exp(-spread), rel=1e-4)
    assert effect.high == pytest.approx(effect.odds_ratio * np.exp(spread), rel=1e-4)


def test_a_category_stands_or_falls_as_a_whole() -> None:
    x, y = drawn()
    found = {effect.column: effect for effect in univariable(x, y, COLUMNS)}
    full = sm.Logit(y, sm.add_constant(x[:, 1:3])).fit(disp=0)
    assert found["clinical.diagnosis=a"].p_variable == found["clinical.diagnosis=b"].p_variable
    assert found["clinical.diagnosis=a"].p_variable == pytest.approx(chi2.sf(full.llr, 2))
    assert found["clinical.diagnosis=b"].p == pytest.approx(full.pvalues[2], rel=1e-3)
    joint = {effect.column: effect for effect in multivariable(x, y, COLUMNS)}
    whole = sm.Logit(y, sm.add_constant(x)).fit(disp=0)
    assert joint["clinical.age"].p == pytest.approx(whole.pvalues[4], rel=1e-3)


def test_the_screen_keeps_what_matters_and_everything_that_is_not_clinical() -> None:
    x, y = drawn()
    columns = ("rad_sign", *COLUMNS)
    values = np.column_stack([np.zeros(len(y)), x])
    screen = ClinicalScreen(columns).fit(values, y)
    assert screen.support_.tolist() == [True, True, True, True, False]
    noise = np.random.default_rng(3).permutation(y)
    strict = ClinicalScreen(columns, alpha=1e-6, at_least=0).fit(values, noise)
    assert strict.support_.tolist() == [True, False, False, False, False]
    assert ClinicalScreen(columns, alpha=1e-6).fit(values, noise).support_.sum() in (2, 3)


def test_classes_that_separate_missing_and_constant_values_are_no_error() -> None:
    x, y = drawn()
    x[:, 0] = y
    x[::7, 3] = np.nan
    x[:, 1] = 0.0
    found = {effect.column: effect for effect in univariable(x, y, COLUMNS)}
    assert found["clinical.osteoporosis"].p_variable < 1e-6
    assert np.isfinite(found["clinical.osteoporosis"].odds_ratio)
    assert found["clinical.diagnosis=a"].p == 1.0
    assert 0 < found["clinical.age"].p <= 1
