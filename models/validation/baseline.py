"""Do groups of patients differ in a variable? The test that the data allow, two-sided.

Numbers: Shapiro and Wilk's test in every group decides between means and ranks, and Levene's between
Student's and Welch's t test, as in Zou et al. 2025. Categories: the chi-squared test, and Fisher's exact test
where Cochran's rule (no expected count below 1, at most a fifth of them below 5) does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ALPHA: Final = 0.05
_RESAMPLES: Final = 9999
_LARGEST_SHAPIRO: Final = 5000  # beyond this scipy's p value is not accurate

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """One group's values of a number.

    Attributes
    ----------
    n, missing : int
        Patients with and without a value.
    mean, sd, median, q1, q3 : float
        In the variable's unit; NaN where the group has too few values.
    """

    n: int
    missing: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float


@dataclass(frozen=True, slots=True)
class NumberComparison:
    """A number in several groups; `normal` says whether mean and SD describe it."""

    groups: tuple[NumberSummary, ...]
    normal: bool
    test: str
    p: float | None


@dataclass(frozen=True, slots=True)
class CategoryComparison:
    """A category in several groups.

    Attributes
    ----------
    levels : tuple of str
    counts : tuple of tuple of int
        One tuple per level, one count per group.
    missing : tuple of int
        Per group.
    """

    levels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    missing: tuple[int, ...]
    test: str
    p: float | None


def compare_numbers(groups: Sequence[Numbers]) -> NumberComparison:
    """Compare a number between groups.

    Parameters
    ----------
    groups : sequence of ndarray of shape (n_patients,)
        One array per group; NaN is a missing value.

    Returns
    -------
    NumberComparison
        `p` is None where fewer than two groups have two values.
    """
    values = [np.asarray(group, dtype=np.float64) for group in groups]
    known = [group[np.isfinite(group)] for group in values]
    summaries = tuple(_summary(group, len(all_)) for group, all_ in zip(known, values, strict=True))
    tested = [group for group in known if len(group) >= 2]
    normal = all(is_normal(group) for group in tested)
    if len(tested) < 2:
        return NumberComparison(summaries, normal, "too few values", None)
    test, p = _test_numbers(tested, normal)
    return NumberComparison(summaries, normal, test, p)


def compare_categories(groups: Sequence[Sequence[str | None]]) -> CategoryComparison:
    """Compare a category between groups.

    Parameters
    ----------
    groups : sequence of sequence of str or None
        One sequence per group; None is a missing value.
    """
    levels = tuple(sorted({value for group in groups for value in group if value is not None}))
    table = np.array([[sum(value == level for value in group) for group in groups] for level in levels])
    missing = tuple(sum(value is None for value in group) for group in groups)
    test, p = _test_table(table.reshape(len(levels), len(groups)))
    counts = tuple(tuple(int(count) for count in row) for row in table)
    return CategoryComparison(levels, counts, missing, test, p)


def is_normal(values: Numbers) -> bool:
    """Tell whether Shapiro and Wilk's test leaves a normal distribution possible (p >= .05).

    Fewer than three values, and values that do not vary, are not called normal.
    """
    if len(values) < 3 or not np.ptp(values) > 0:
        return False
    test = stats.shapiro if len(values) <= _LARGEST_SHAPIRO else stats.normaltest
    return bool(test(values).pvalue >= ALPHA)


def _summary(known: Numbers, total: int) -> NumberSummary:
    if not len(known):
        return NumberSummary(0, total, *[float("nan")] * 5)
    sd = float(np.std(known, ddof=1)) if len(known) > 1 else float("nan")
    q1, median, q3 = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    return NumberSummary(len(known), total - len(known), float(known.mean()), sd, median, q1, q3)


def _test_numbers(groups: list[Numbers], normal: bool) -> tuple[str, float]:
    if not np.ptp(np.concatenate(groups)) > 0:
        return "all values equal", 1.0
    two = len(groups) == 2
    if not normal:
        if two:
            return "Mann-Whitney U", float(stats.mannwhitneyu(*groups, alternative="two-sided").pvalue)
        return "Kruskal-Wallis", float(stats.kruskal(*groups).pvalue)
    alike = bool(stats.levene(*groups).pvalue >= ALPHA)
    if two:
        p = float(stats.ttest_ind(*groups, equal_var=alike).pvalue)
        return ("Student's t" if alike else "Welch's t"), p
    return ("ANOVA" if alike else "Welch's ANOVA"), float(stats.f_oneway(*groups, equal_var=alike).pvalue)


def _test_table(
    table: NDArray[np.int64],
) -> tuple[str, float | None]:
    filled = table[:, table.sum(axis=0) > 0]
    if min(filled.shape) < 2:
        return "too few values", None
    expected = stats.contingency.expected_freq(filled)
    if expected.min() >= 1 and np.mean(expected < 5) <= 0.2:
        return "chi²", float(stats.chi2_contingency(filled, correction=False).pvalue)
    return "Fisher's exact", _fisher(filled)


def _fisher(table: NDArray[np.int64]) -> float:
    """Give the exact p value of a 2 x 2 table, of a larger one its Monte Carlo estimate (seeded)."""
    if table.shape == (2, 2):
        return float(stats.fisher_exact(table).pvalue)
    method = stats.PermutationMethod(n_resamples=_RESAMPLES, rng=np.random.default_rng(0))
    return float(stats.fisher_exact(table, method=method).pvalue)
