import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.signatures.errors import TrainingInputError
from models.signatures.recalibrate import Recalibration


def drawn(n: int, intercept: float, slope: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes whose true log-odds are intercept + slope x the model's."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n)
    outcome = (rng.random(n) < expit(intercept + slope * odds)).astype(np.int64)
    return outcome, expit(odds)


def test_few_events_move_the_level_and_nothing_else() -> None:
    outcome, probability = drawn(120, -1.5, 0.5)
    assert outcome.sum() < 100
    again = Recalibration.fit(outcome, probability)
    assert again.slope == 1.0
    assert again.apply(probability).mean() == pytest.approx(outcome.mean(), abs=1e-4)
    assert roc_auc_score(outcome, again.apply(probability)) == roc_auc_score(outcome, probability)


def test_a_hundred_of_each_give_the_slope_of_a_logistic_regression() -> None:
    outcome, probability = drawn(4000, -1.0, 0.5)
    again = Recalibration.fit(outcome, probability)
    by_hand = LogisticRegression(C=np.inf, tol=1e-8).fit(logit(probability)[:, None], outcome)
    assert again.slope == pytest.approx(by_hand.coef_[0, 0], rel=1e-3)
    assert again.intercept == pytest.approx(by_hand.intercept_[0], abs=1e-3)
    assert again.slope == pytest.approx(0.5, abs=0.1)


def test_a_rare_other_class_forbids_the_slope_too() -> None:
    outcome, probability = drawn(400, 3.0, 1.0)
    assert outcome.sum() > 300
    assert Recalibration.fit(outcome, probability).slope == 1.0


def test_one_after_another_is_one() -> None:
    first, second = Recalibration(0.5, 0.8), Recalibration(-1.0, 1.5)
    p = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(second.after(first).apply(p), second.apply(first.apply(p)))
    np.testing.assert_array_equal(Recalibration().apply(p), p)


def test_too_few_patients_or_one_class() -> None:
    with pytest.raises(TrainingInputError, match=r"19 patients with its inputs, 9 with .*at least 20"):
        Recalibration.fit(np.arange(19) % 2, np.full(19, 0.5))
    with pytest.raises(TrainingInputError, match="30 patients with its inputs, 0 with"):
        Recalibration.fit(np.zeros(30, dtype=np.int64), np.full(30, 0.5))
