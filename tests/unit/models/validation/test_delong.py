"""DeLong by ranks against its definition pair by pair, and against the bootstrap."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from models.validation import bootstrap
from models.validation.delong import auc, auc_interval, compare, delong


def _patients(n=120, seed=0):
    rng = np.random.default_rng(seed)
    outcome = (rng.random(n) < 0.4).astype(int)
    shared = rng.normal(size=n)
    strong = 1.2 * outcome + shared + rng.normal(size=n) * 0.5
    weak = np.round(0.4 * outcome + shared + rng.normal(size=n), 1)  # rounded: ties
    return outcome, strong, weak


def _by_pairs(outcome, scores):
    """DeLong et al. 1988, equations 2 to 5, as they stand."""
    with_, without = scores[:, outcome == 1], scores[:, outcome == 0]
    psi = (with_[:, :, None] > without[:, None, :]) + 0.5 * (with_[:, :, None] == without[:, None, :])
    m, n = psi.shape[1:]
    return psi.mean(axis=(1, 2)), np.cov(psi.mean(axis=2)) / m + np.cov(psi.mean(axis=1)) / n


def test_ranks_give_what_the_definition_gives_ties_included():
    outcome, strong, weak = _patients()
    areas, covariance = delong(outcome, [strong, weak])
    expected_areas, expected = _by_pairs(outcome, np.vstack([strong, weak]))
    np.testing.assert_allclose(areas, expected_areas, rtol=1e-12)
    np.testing.assert_allclose(covariance, expected, rtol=1e-12)
    assert areas == pytest.approx([roc_auc_score(outcome, s) for s in (strong, weak)])
    assert auc(outcome, weak) == pytest.approx(areas[1])


def test_the_comparison_agrees_with_the_bootstrap():
    outcome, strong, weak = _patients(400, seed=2)

    def difference(rows):
        return auc(outcome[rows], strong[rows]) - auc(outcome[rows], weak[rows])

    drawn = bootstrap.interval(difference, 400, draws=1500)
    found = compare(outcome, strong, weak)
    assert found.difference == pytest.approx(auc(outcome, strong) - auc(outcome, weak))
    assert found.ci == pytest.approx(drawn, abs=0.012)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.z)))
    assert found.p < 0.001


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    truth = stats.norm.cdf(1 / np.sqrt(2))  # two normals one SD apart
    outcome = np.repeat([0, 1], [50, 30])
    inside = [low < truth < high for low, high in (_drawn_interval(rng, outcome) for _ in range(400))]
    assert 0.92 < np.mean(inside) < 0.98


def _drawn_interval(rng, outcome):
    return auc_interval(outcome, rng.normal(size=len(outcome)) + outcome)


def test_equal_curves_do_not_differ():
    outcome, strong, _ = _patients()
    found = compare(outcome, strong, 3 * strong + 1)
    assert (found.difference, found.z, found.p) == (0.0, 0.0, 1.0)


def test_what_has_no_variance_has_no_interval():
    assert np.isnan(auc_interval([0, 0, 1, 1], [1, 2, 3, 4])).all()
    assert np.isnan(auc_interval([0, 0, 1], [1, 3, 2])).all()
    assert np.isnan(auc([1, 1], [0.2, 0.3]))
    with pytest.raises(ValueError, match="there are 2 with and 0 without"):
        delong([1, 1], [0.1, 0.2])
