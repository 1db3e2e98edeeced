import numpy as np
import pytest

from models.signatures.conformal import ConformalSets


def drawn(n: int, rng: np.random.Generator, prevalence: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    outcome = (rng.random(n) < prevalence).astype(int)
    return outcome, 1 / (1 + np.exp(-(1.5 * outcome + rng.normal(size=n) - 2)))


def test_each_class_is_covered_the_rare_one_too() -> None:
    """Coverage over all patients together would leave the 15 % with the outcome mostly uncovered."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(40):
        sets = ConformalSets.fit(*drawn(300, rng), coverage=0.9)
        outcome, probability = drawn(2000, rng)
        covered = np.array([y in sets.classes(p) for y, p in zip(outcome, probability, strict=True)])
        shares.append([covered[outcome == c].mean() for c in (0, 1)])
    assert np.mean(shares, axis=0) == pytest.approx([0.9, 0.91], abs=0.02)


def test_the_limit_is_the_rank_with_one_more_patient() -> None:
    outcome = np.array([1] * 9 + [0] * 9)
    probability = np.concatenate([np.linspace(0.1, 0.9, 9), np.full(9, 0.2)])
    sets = ConformalSets.fit(outcome, probability, coverage=0.8)
    assert sets.limits[1] == pytest.approx(0.8)  # the 8th of 9: ceil(10 x .8)
    assert sets.limits[0] == pytest.approx(0.2)
    assert sets.classes(0.15) == (0,)
    assert sets.classes(0.2) == (0, 1)
    assert sets.classes(0.5) == (1,)


def test_too_few_patients_rule_nothing_out() -> None:
    sets = ConformalSets.fit([1] * 5 + [0] * 50, [0.9] * 5 + [0.1] * 50)
    assert sets.limits[1] == 1.0
    assert 1 in sets.classes(0.0)
