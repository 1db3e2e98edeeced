import numpy as np
import pytest
from scipy.stats import chi2
from sklearn.covariance import LedoitWolf

from models.signatures.ood import Novelty


def drawn(n: int, p: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(p, p))
    return rng.normal(size=(n, p)) @ mixing


def test_with_many_patients_the_limit_is_that_of_chi_square() -> None:
    novelty = Novelty().fit(drawn(20_000, 4, 0))
    assert novelty.limit_ == pytest.approx(chi2.ppf(0.99, 4), rel=0.05)


@pytest.mark.parametrize("p", [5, 40])
def test_new_patients_like_the_training_s_are_rarely_beyond_it(p: int) -> None:
    """With a limit measured on the patients that it was fitted to, most would be beyond for p = 40."""
    novelty = Novelty().fit(drawn(150, p, 1))
    assert (novelty.score(drawn(2000, p, 2)) > 1).mean() < 0.05


def test_a_patient_whose_features_do_not_go_together_is_beyond_it() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(300, 1))
    novelty = Novelty().fit(np.hstack([shared, shared]) + 0.1 * rng.normal(size=(300, 2)))
    assert novelty.score([[2.0, 2.0]])[0] < 1
    assert novelty.score([[2.0, -2.0]])[0] > 10  # each of the two is well within its own range


def test_the_distance_is_mahalanobis_with_ledoit_and_wolf() -> None:
    x = drawn(60, 6, 3)
    novelty = Novelty().fit(x)
    by_hand = LedoitWolf().fit(x).mahalanobis(x[:5])
    np.testing.assert_allclose(novelty.score(x[:5]) * novelty.limit_, by_hand)
