"""The whole training path on drawn patients: it finds what is there, and nothing where nothing is."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from models.signatures.explain import explain
from models.signatures.fusion import FusedModel, log_odds
from models.signatures.recipes import deep_signature, radiomics_signature
from models.signatures.reference import measure
from models.signatures.simulated import Cohort, draw

RADIOMICS = "mr_sag_t2.disc.radiomics.original_firstorder"
EFFECTS = {f"{RADIOMICS}_Mean": 1.2, f"{RADIOMICS}_Median": -0.8, "clinical.osteoporosis": 0.6}


@pytest.fixture(scope="module")
def cohort(rows: list[dict[str, float]]) -> Cohort:
    reference = measure(rows).restricted([name for name in rows[0] if name.startswith("mr_sag_t2.disc")])
    rng = np.random.default_rng(3)
    return draw(reference, ("osteoporosis",), EFFECTS, n_patients=1300, rng=rng)


def _model(cohort: Cohort, classifier: str = "logistic") -> FusedModel:
    kinds = [name.split(".")[2] if name.count(".") > 1 else "clinical" for name in cohort.columns]
    places = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in ("radiomics", "deep")}
    signatures = [
        ("rad_sign", radiomics_signature(classifier), places["radiomics"]),
        ("dl_sign", deep_signature(classifier, components=4), places["deep"]),
    ]
    return FusedModel(signatures, [len(kinds) - 1])


@pytest.fixture(scope="module")
def fitted(cohort: Cohort) -> FusedModel:
    return _model(cohort).fit(cohort.values[:300], cohort.outcome[:300])


def test_a_known_effect_is_recovered(cohort: Cohort, fitted: FusedModel) -> None:
    test = cohort.part(slice(300, None))
    best = roc_auc_score(test.outcome, test.risk)
    combined = roc_auc_score(test.outcome, fitted.predict_proba(test.values)[:, 1])
    rad = roc_auc_score(test.outcome, fitted.signature_proba(test.values)["rad_sign"])
    assert combined > best - 0.03
    assert rad < combined <= best + 0.01


def test_permuted_outcomes_give_no_better_than_chance(cohort: Cohort) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(5):
        outcome = rng.permutation(cohort.outcome[:200])
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        model = _model(cohort).set_params(folds=3)
        unseen = cross_val_predict(model, cohort.values[:200], outcome, cv=folds, method="predict_proba")
        found.append(roc_auc_score(outcome, unseen[:, 1]))
    assert 0.43 < np.mean(found) < 0.57, found


def test_the_final_regression_never_sees_an_in_sample_signature(cohort: Cohort) -> None:
    """On an outcome without relation to the images the signatures must not weigh."""
    train = cohort.part(slice(300))
    noise = np.random.default_rng(1).permutation(train.outcome)
    model = _model(cohort).fit(train.values, noise)
    in_sample = roc_auc_score(noise, model.signature_proba(train.values)["rad_sign"])
    combined = roc_auc_score(noise, model.predict_proba(train.values)[:, 1])
    assert in_sample > 0.55
    assert combined < in_sample + 0.05
    assert np.abs(model.final_["classify"].coef_[0]).max() < 0.5


def test_contributions_add_up_to_the_log_odds(cohort: Cohort, fitted: FusedModel) -> None:
    x = cohort.values[400:401].copy()
    x[0, 2] = np.nan
    x[0, 3] = 1e6  # clipped, not extrapolated
    why = explain(fitted, x)
    total = why.baseline + sum(why.columns.values()) + sum(why.signatures.values())
    assert total == pytest.approx(log_odds(fitted.predict_proba(x)[0, 1]), abs=1e-9)
    assert set(why.signatures) == {"dl_sign"}


def test_the_linear_svm_is_a_signature_too(cohort: Cohort) -> None:
    model = _model(cohort, "linear_svm").fit(cohort.values[:200], cohort.outcome[:200])
    why = explain(model, cohort.values[400:401])
    assert set(why.signatures) == {"rad_sign", "dl_sign"}  # a calibrated SVM is not spelt out
    test = cohort.part(slice(300, None))
    assert roc_auc_score(test.outcome, model.predict_proba(test.values)[:, 1]) > 0.7
