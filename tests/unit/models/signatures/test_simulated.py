import numpy as np
import pytest
from scipy.stats import norm

from models.signatures.clinical import columns_of
from models.signatures.metrics import measured
from models.signatures.reference import LEVELS, Reference, measure
from models.signatures.simulated import draw

SKEWED = Reference({"ct.vertebra.radiomics.a": (1.0, 2.0, 3.0, 6.0, 20.0)}, "made up")


def test_quantiles_come_back() -> None:
    z = norm.ppf(np.array(LEVELS))[:, None]
    np.testing.assert_allclose(SKEWED.values(["ct.vertebra.radiomics.a"], z)[:, 0], [1, 2, 3, 6, 20])


def test_drawn_features_have_the_reference_quantiles() -> None:
    cohort = draw(SKEWED, (), {}, n_patients=20_000, rng=np.random.default_rng(0))
    found = np.quantile(cohort.values[:, 0], LEVELS)
    np.testing.assert_allclose(found, [1, 2, 3, 6, 20], rtol=0.05)


def test_prevalence_and_true_risk_agree_with_the_outcome() -> None:
    effects = {"ct.vertebra.radiomics.a": 1.0, "clinical.osteoporosis": 0.5}
    rng = np.random.default_rng(1)
    cohort = draw(SKEWED, ("osteoporosis",), effects, n_patients=20_000, rng=rng, prevalence=0.3)
    assert cohort.outcome.mean() == pytest.approx(0.3, abs=0.015)
    figures = measured(cohort.outcome, 1 / (1 + np.exp(-cohort.risk)))
    assert figures["calibration_slope"] == pytest.approx(1.0, abs=0.06)
    assert figures["calibration_intercept"] == pytest.approx(0.0, abs=0.07)


def test_features_of_a_block_correlate_and_those_of_two_do_not(rows: list[dict[str, float]]) -> None:
    names = [
        name for name in rows[0] if name.startswith(("ct.vertebra.radiomics", "mr_sag_t1.disc.radiomics"))
    ]
    cohort = draw(measure(rows).restricted(names), (), {}, n_patients=3000, rng=np.random.default_rng(2))
    correlation = np.abs(np.corrcoef(cohort.values.T))
    half = len(names) // 2
    assert correlation[:half, :half].mean() > 0.2
    assert correlation[:half, half:].mean() < 0.03


def test_an_effect_on_an_unknown_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"ct\.vertebra\.radiomics\.b"):
        draw(SKEWED, (), {"ct.vertebra.radiomics.b": 1.0}, n_patients=5, rng=np.random.default_rng(0))


def test_clinical_columns_are_drawn_in_their_order() -> None:
    clinical = ("osteoporosis", "diagnosis", "segments")
    cohort = draw(SKEWED, clinical, {}, n_patients=50, rng=np.random.default_rng(0))
    assert cohort.columns[1:] == columns_of(clinical)
    assert set(cohort.of(["clinical.segments"])[:, 0]) <= {1.0, 2.0, 3.0}


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        measure([{"ct.vertebra.radiomics.a": 1.0}] * 7)
