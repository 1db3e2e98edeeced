import numpy as np
import pytest
from scipy.stats import ttest_ind

from models.signatures.selection import Clip, CorrelationPruning, LassoSelection, UnivariateFilter


@pytest.fixture
def table() -> tuple[np.ndarray, np.ndarray]:
    """Eight columns: 0 and 1 carry the outcome, 2 copies 0, 3 is constant, the others are noise."""
    rng = np.random.default_rng(5)
    outcome = rng.integers(0, 2, 200)
    values = rng.normal(size=(200, 8))
    values[:, :2] += 1.5 * outcome[:, None]
    values[:, 2] = values[:, 0] + 0.05 * rng.normal(size=200)
    values[:, 3] = 4.0
    return values, outcome


def test_the_f_test_of_two_classes_is_the_t_test(table: tuple[np.ndarray, np.ndarray]) -> None:
    values, outcome = table
    step = UnivariateFilter().fit(values, outcome)
    expected = ttest_ind(values[outcome == 0, 4], values[outcome == 1, 4]).pvalue
    assert step.p_values_[4] == pytest.approx(expected)
    assert step.get_support()[:3].all()
    assert step.p_values_[3] == 1.0


def test_pruning_leaves_no_pair_above_the_threshold(table: tuple[np.ndarray, np.ndarray]) -> None:
    step = CorrelationPruning(0.9).fit(table[0])
    kept = step.transform(table[0])
    assert step.get_support()[[0, 2]].sum() == 1
    assert step.get_support().sum() == 7
    varying = kept[:, np.ptp(kept, axis=0) > 0]
    assert (np.abs(np.corrcoef(varying.T)) - np.eye(varying.shape[1])).max() <= 0.9


def test_lasso_keeps_what_carries_the_outcome(table: tuple[np.ndarray, np.ndarray]) -> None:
    values, outcome = table
    step = LassoSelection().fit(values[:, [0, 1, 4, 5]], outcome)
    assert step.get_support()[:2].all()
    assert step.alpha_ > 0
    np.testing.assert_array_equal(step.get_support(), step.coef_ != 0)


@pytest.mark.parametrize("step", [UnivariateFilter(alpha=0.0), LassoSelection()])
def test_a_selector_keeps_one_feature_of_noise(step: UnivariateFilter | LassoSelection) -> None:
    outcome = np.tile([0, 1], 30)
    values = np.repeat(np.random.default_rng(0).normal(size=(30, 3)), 2, axis=0)  # equal in both classes
    assert step.fit(values, outcome).get_support().sum() >= 1


def test_constant_columns_only_still_select_one() -> None:
    step = UnivariateFilter().fit(np.ones((20, 3)), np.tile([0, 1], 10))
    assert step.get_support().sum() == 1


def test_clip_keeps_values_within_the_limit() -> None:
    np.testing.assert_array_equal(Clip(3.0).fit_transform([[-9.0, 1.0, 3.5]]), [[-3.0, 1.0, 3.0]])
