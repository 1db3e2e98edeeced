import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from models.signatures.cohorts import PREVALENCE, expected_auc, simulate
from models.signatures.reference import Reference


def test_the_columns_are_those_of_a_feature_table() -> None:
    table, risk = simulate("asdeg", 305, 0.85, sites=3, seed=1)
    assert table.shape[0] == risk.shape[0] == 305
    assert list(table.columns[:4]) == ["patient", "outcome", "site", "split"]
    assert table["split"].value_counts().to_dict() == {"train": 192, "test": 83, "external": 30}
    assert set(table.loc[table["split"] == "external", "site"]) == {"site 3"}
    assert set(table.loc[table["split"] != "external", "site"]) == {"site 1", "site 2"}
    assert {"scanner.ct", "scanner.mr_sag_t2", "clinical.diagnosis", "clinical.sex"} <= set(table.columns)
    assert table["scanner.ct"].str.count(r"\|").eq(2).all()
    assert not table.isna().any().any()


@pytest.mark.parametrize("predictor", ["asdeg", "pain"])
@pytest.mark.parametrize("wanted", [0.65, 0.9])
def test_the_true_risk_reaches_the_wanted_auc_and_is_calibrated(predictor: str, wanted: float) -> None:
    table, risk = simulate(predictor, 4000, wanted, seed=3)
    outcome = table["outcome"].to_numpy()
    assert roc_auc_score(outcome, risk) == pytest.approx(wanted, abs=0.02)
    assert expected_auc(risk) == pytest.approx(wanted, abs=0.012)
    assert outcome.mean() == pytest.approx(PREVALENCE[predictor], abs=0.025)
    high = risk > np.median(risk)
    assert outcome[high].mean() == pytest.approx(risk[high].mean(), abs=0.03)


def test_the_expected_auc_is_the_mean_over_drawn_outcomes() -> None:
    rng = np.random.default_rng(0)
    risk = expit(rng.normal(-0.5, 1.2, 400).round(1))  # rounded: with ties
    found = [roc_auc_score(rng.random(400) < risk, risk) for _ in range(300)]
    assert expected_auc(risk) == pytest.approx(np.mean(found), abs=0.004)


def test_every_source_carries_its_part() -> None:
    table, _risk = simulate("asdeg", 1500, 0.85, seed=2)
    features = table.filter(regex=r"^mr_sag_t2\.disc\.radiomics\.")
    deep = table.filter(regex=r"^mr_sag_t2\.disc\.deep\.")
    for part in (features, deep):
        axis = PCA(1).fit_transform(StandardScaler().fit_transform(part))[:, 0]
        auc = roc_auc_score(table["outcome"], axis)
        assert max(auc, 1 - auc) > 0.6
    untouched = table.filter(regex=r"^ct\.vertebra\.deep\.")
    aucs = [roc_auc_score(table["outcome"], untouched[name]) for name in untouched]
    assert np.abs(np.array(aucs) - 0.5).max() < 0.07
    assert table["outcome"].groupby(table["clinical.osteoporosis"]).mean().diff().iloc[-1] > 0.1


def test_sites_shift_features_and_nothing_else() -> None:
    plain, risk = simulate("pain", 300, 0.8, sites=3, seed=5)
    moved, same_risk = simulate("pain", 300, 0.8, sites=3, site_shift=1.0, seed=5)
    np.testing.assert_array_equal(risk, same_risk)
    pd.testing.assert_frame_equal(
        plain.filter(regex=r"^(outcome|site|clinical)"), moved.filter(regex=r"^(outcome|site|clinical)")
    )
    features = [c for c in plain if c.startswith("mr_")]
    assert _between_sites(moved, features) > 3 * _between_sites(plain, features)


def _between_sites(table: pd.DataFrame, features: list[str]) -> float:
    z = (table[features] - table[features].mean()) / table[features].std()
    return float(z.groupby(table["site"]).mean().std().mean())


def test_missing_is_at_random_and_leaves_a_structure_to_everyone() -> None:
    whole, _ = simulate("asdeg", 400, 0.8, seed=5)
    table, _ = simulate("asdeg", 400, 0.8, missing=0.3, seed=5)
    features = [c for c in table if c.startswith(("ct.", "mr_"))]
    assert table[features].isna().mean().mean() == pytest.approx(0.3, abs=0.03)
    assert not table[features].isna().all(axis=1).any()
    assert table["clinical.osteoporosis"].isna().mean() == pytest.approx(0.3, abs=0.06)
    ct = table[[c for c in features if c.startswith("ct.")]].isna().all(axis=1)
    assert (table["scanner.ct"].isna() == ct).all()
    known = table["ct.vertebra.deep.deep_000"].notna()
    assert (table["ct.vertebra.deep.deep_000"] == whole["ct.vertebra.deep.deep_000"])[known].all()


def test_one_site_has_no_external_patients() -> None:
    table, _ = simulate("pain", 100, 0.7, sites=1, seed=0)
    assert table["split"].value_counts().to_dict() == {"train": 70, "test": 30}
    assert set(table["site"]) == {"site 1"}


def test_the_same_arguments_give_the_same_table() -> None:
    first, second = (simulate("pain", 40, 0.7, missing=0.2, site_shift=0.5, seed=9)[0] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    other, _ = simulate("pain", 40, 0.7, missing=0.2, site_shift=0.5, seed=10)
    assert not first.equals(other)


def test_no_effect_is_a_flat_risk() -> None:
    _, risk = simulate("pain", 50, 0.5, seed=0)
    np.testing.assert_allclose(risk, 0.4)


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("predictor", "other", "predictor other: must be asdeg or pain"),
        ("n_patients", 19, "patients 19: must be 20 or more"),
        ("best_auc", 0.3, "best possible AUC"),
        ("sites", 0, "sites 0"),
        ("site_shift", -1.0, "site shift -1.0"),
        ("missing", 0.95, "missing 0.95"),
    ],
)
def test_what_is_not_allowed_is_named(argument: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate(**{"n_patients": 50, argument: value})  # type: ignore[arg-type]


def test_a_reference_without_the_carriers_is_refused() -> None:
    reference = Reference({"ct.vertebra.radiomics.a": (1.0, 2.0, 3.0, 4.0, 5.0)}, "made up")
    with pytest.raises(ValueError, match="carries the radiomics part"):
        simulate("asdeg", 50, reference=reference)
