import numpy as np
import pytest
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold

from models.signatures.selection import (
    Clip,
    CorrelationPruning,
    LassoSelection,
    UnivariateFilter,
    usable_folds,
)


def drawn(n: int = 200, p: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    return x, (x[:, 0] - x[:, 1] + rng.normal(size=n) > 0).astype(int)


def test_clip_keeps_values_within_limits() -> None:
    assert Clip(2.0).fit([[0.0]]).transform([[-9.0], [1.5], [9.0]]).ravel().tolist() == [-2.0, 1.5, 2.0]


def test_the_f_test_keeps_what_tells_the_classes_apart() -> None:
    x, y = drawn()
    kept = UnivariateFilter().fit(x, y).support_
    assert kept[:2].all()
    assert kept[2:].mean() < 0.2
    strongest = UnivariateFilter(most=1).fit(x, y)
    assert np.flatnonzero(strongest.support_).tolist() == [np.argmin(strongest.p_values_)]


def test_a_constant_feature_and_noise_leave_one_feature() -> None:
    x = np.random.default_rng(1).normal(size=(40, 3))
    x[:, 0] = 1.0
    y = np.tile([0, 1], 20)
    kept = UnivariateFilter(alpha=1e-9).fit(x, y)
    assert kept.p_values_[0] == 1.0
    assert kept.support_.sum() == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pruning_is_the_greedy_search_for_the_most_correlated_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(80, 6))
    x = factors[:, rng.integers(0, 6, 60)] + 0.35 * rng.normal(size=(80, 60))
    correlation = np.abs(np.corrcoef(x.T))
    np.fill_diagonal(correlation, 0.0)
    kept = np.ones(60, dtype=bool)
    while correlation.max() > 0.8:
        i, j = np.unravel_index(correlation.argmax(), correlation.shape)
        gone = i if correlation[i].sum() > correlation[j].sum() else j
        kept[gone] = False
        correlation[gone] = correlation[:, gone] = 0.0
    assert 6 <= kept.sum() < 60
    np.testing.assert_array_equal(CorrelationPruning(0.8).fit(x).support_, kept)


def test_of_three_copies_one_is_left() -> None:
    x = np.repeat(np.random.default_rng(0).normal(size=(50, 1)), 3, axis=1)
    assert CorrelationPruning().fit(x).support_.sum() == 1


def test_the_lasso_is_scikit_learn_s_on_the_same_penalties() -> None:
    x, y = drawn()
    ours = LassoSelection(seed=3).fit(x, y)
    folds = StratifiedKFold(10, shuffle=True, random_state=3)
    theirs = LassoCV(alphas=ours.alphas_, cv=folds, max_iter=20_000).fit(x, y)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.mse_mean_, theirs.mse_path_.mean(axis=1), atol=1e-5)
    assert ours.support_[:2].all()


def test_weak_penalties_are_tried_where_the_best_is_the_weakest_so_far() -> None:
    x, _ = drawn(p=5)
    y = (x.sum(axis=1) > 0).astype(int)  # every feature counts, and nothing is noise
    ours = LassoSelection().fit(x, y)
    assert len(ours.alphas_) == 32
    assert ours.alpha_ < 0.1 * ours.alphas_[0]
    assert (np.diff(ours.alphas_[:16]) < 0).all()


def test_folds_are_no_more_than_the_rarer_class() -> None:
    assert usable_folds(10, np.array([0] * 50 + [1] * 6)) == 6
    assert usable_folds(10, np.array([0] * 50 + [1])) == 2


def test_a_lasso_that_keeps_everything_still_says_what_it_would_keep() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(80, 12))
    outcome = (values[:, 0] + 0.5 * rng.normal(size=80) > 0).astype(int)
    strict, lenient = (LassoSelection(folds=4, keep_all=keep).fit(values, outcome) for keep in (False, True))
    assert lenient.support_.all() and not strict.support_.all()
    np.testing.assert_array_equal(lenient.coef_, strict.coef_)
