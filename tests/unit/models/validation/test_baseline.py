"""Baseline tests: each branch against the test written out by hand, and the summaries against numpy."""

import numpy as np
import pytest
from scipy import stats

from models.validation.baseline import compare_categories, compare_numbers, is_normal


def _normal(mean, sd, n, seed):
    """Quantiles of a normal distribution, so that no test of normality can object; shuffled."""
    values = stats.norm(mean, sd).ppf((np.arange(n) + 0.5) / n)
    return np.random.default_rng(seed).permutation(values)


def test_normal_groups_of_equal_spread_get_students_t():
    a, b = _normal(50, 8, 40, 0), _normal(54, 8, 30, 1)
    found = compare_numbers([a, b])
    assert (found.test, found.normal) == ("Student's t", True)
    pooled = np.sqrt((39 * a.var(ddof=1) + 29 * b.var(ddof=1)) / 68 * (1 / 40 + 1 / 30))
    assert found.p == pytest.approx(2 * stats.t(68).sf(abs(a.mean() - b.mean()) / pooled))


def test_unequal_spread_gets_welchs_t():
    a, b = _normal(50, 3, 40, 0), _normal(54, 15, 30, 1)
    found = compare_numbers([a, b])
    assert found.test == "Welch's t"
    assert found.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)


def test_a_skewed_group_gets_ranks_even_beside_a_normal_one():
    skewed = np.exp(_normal(0, 1, 40, 2))
    assert not is_normal(skewed)
    found = compare_numbers([_normal(1, 0.5, 40, 3), skewed])
    assert found.test == "Mann-Whitney U"
    assert found.p == pytest.approx(stats.mannwhitneyu(_normal(1, 0.5, 40, 3), skewed).pvalue)


def test_three_groups():
    groups = [_normal(mean, 2, 20, mean) for mean in (10, 10, 13)]
    assert compare_numbers(groups).test == "ANOVA"
    assert compare_numbers(groups).p == pytest.approx(stats.f_oneway(*groups).pvalue)
    assert compare_numbers([np.exp(group) for group in groups]).test == "Kruskal-Wallis"
    assert compare_numbers([*groups[:2], _normal(13, 12, 20, 5)]).test == "Welch's ANOVA"


def test_missing_values_are_counted_and_left_out():
    a = np.array([1.0, 2.0, np.nan, 3.0, 4.0])
    one = compare_numbers([a, a + 1]).groups[0]
    assert (one.n, one.missing, one.median) == (4, 1, 2.5)
    assert one.sd == pytest.approx(np.std([1, 2, 3, 4], ddof=1))


@pytest.mark.parametrize("groups", [[[], [1.0]], [[np.nan] * 3, [1.0, 2.0, 3.0]], [[1.0, 2.0]]])
def test_too_few_values_give_no_p(groups):
    found = compare_numbers([np.array(group) for group in groups])
    assert (found.test, found.p) == ("too few values", None)


def test_values_that_do_not_vary():
    assert compare_numbers([np.ones(5), np.ones(4)]).p == 1.0
    assert compare_numbers([np.ones(5), np.zeros(4)]).test == "Mann-Whitney U"


def test_large_groups_are_tested_without_a_warning():
    values = _normal(0, 1, 6000, 0)
    assert is_normal(values) and not is_normal(np.exp(values))


def test_frequent_categories_get_chi_squared():
    found = compare_categories([["M"] * 30 + ["F"] * 20, ["M"] * 15 + ["F"] * 35 + [None]])
    assert (found.levels, found.counts, found.missing) == (("F", "M"), ((20, 35), (30, 15)), (0, 1))
    statistic = 100 * (20 * 15 - 35 * 30) ** 2 / (50 * 50 * 55 * 45)
    assert found.test == "chi²"
    assert found.p == pytest.approx(stats.chi2(1).sf(statistic))


def test_rare_categories_get_fishers_test():
    found = compare_categories([["yes"] * 3 + ["no"] * 5, ["no"] * 9])
    assert found.test == "Fisher's exact"
    assert found.p == pytest.approx(56 / 680)  # hypergeometric: C(8,3) / C(17,3)


def test_rare_categories_in_larger_tables_are_seeded():
    groups = [["a"] * 4 + ["b"] * 3 + ["c"], ["a"] + ["b"] * 2 + ["c"] * 6]
    assert compare_categories(groups) == compare_categories(groups)
    assert compare_categories(groups).test == "Fisher's exact"


def test_one_level_gives_no_p():
    assert compare_categories([["yes"] * 3, ["yes"] * 4]).p is None
    assert compare_categories([[], []]).levels == ()
