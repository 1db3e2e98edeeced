"""The whole training path on drawn patients: it finds what is there, and nothing where nothing is."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from models.signatures.builders import build
from models.signatures.combined import CombinedModel, log_odds
from models.signatures.compact import compacted
from models.signatures.description import Description, VariantPlan, built_in
from models.signatures.explain import explain
from models.signatures.reference import measure
from models.signatures.simulated import Cohort, draw

RADIOMICS = "mr_sag_t2.disc.radiomics.original_firstorder"
EFFECTS = {f"{RADIOMICS}_Mean": 1.2, f"{RADIOMICS}_Median": -0.8, "clinical.osteoporosis": 0.6}
PLAN = VariantPlan(name="discs", blocks=("mr_sag_t2.disc.radiomics", "mr_sag_t2.disc.deep"))


def frame(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(cohort.values, columns=list(cohort.columns))


@pytest.fixture(scope="module")
def cohort(rows: list[dict[str, float]]) -> Cohort:
    reference = measure(rows).restricted([name for name in rows[0] if name.startswith("mr_sag_t2.disc")])
    rng = np.random.default_rng(3)
    return draw(reference, ("osteoporosis",), EFFECTS, n_patients=1300, rng=rng)


def description(*classifiers: str, folds: int = 5) -> Description:
    asdeg = built_in("asdeg")
    recipe = asdeg.recipe.model_copy(
        update={
            "selection": "lasso",
            "classifiers": classifiers or ("logistic_regression",),
            "search_folds": folds,
        }
    )
    return asdeg.model_copy(update={"recipe": recipe, "variants": (PLAN,)})


def model(cohort: Cohort, *classifiers: str, folds: int = 5) -> CombinedModel:
    built: CombinedModel = build(description(*classifiers, folds=folds), "combined", cohort.columns)
    return built


@pytest.fixture(scope="module")
def fitted(cohort: Cohort) -> CombinedModel:
    return model(cohort).fit(frame(cohort)[:300], cohort.outcome[:300])


def test_a_known_effect_is_recovered(cohort: Cohort, fitted: CombinedModel) -> None:
    test = cohort.part(slice(300, None))
    best = roc_auc_score(test.outcome, test.risk)
    combined = roc_auc_score(test.outcome, fitted.predict_proba(frame(test))[:, 1])
    rad = roc_auc_score(test.outcome, fitted.signature_proba(frame(test))["rad_sign"])
    assert combined > best - 0.03
    assert rad < combined <= best + 0.01


def test_permuted_outcomes_give_no_better_than_chance(cohort: Cohort) -> None:
    rng = np.random.default_rng(0)
    x = frame(cohort)[:200]
    found = []
    for _ in range(4):
        outcome = rng.permutation(cohort.outcome[:200])
        unseen = np.empty(200)
        for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(x, outcome):
            one = model(cohort, folds=2).fit(x.iloc[train], outcome[train])
            unseen[test] = one.predict_proba(x.iloc[test])[:, 1]
        found.append(roc_auc_score(outcome, unseen))
    assert 0.43 < np.mean(found) < 0.57, found


def test_the_final_model_never_sees_an_in_sample_signature(cohort: Cohort) -> None:
    """On an outcome without relation to the images the signatures must not weigh."""
    x = frame(cohort)[:300]
    noise = np.random.default_rng(1).permutation(cohort.outcome[:300])
    one = model(cohort).fit(x, noise)
    in_sample = roc_auc_score(noise, one.signature_proba(x)["rad_sign"])
    combined = roc_auc_score(noise, one.predict_proba(x)[:, 1])
    assert in_sample > 0.55
    assert combined < in_sample + 0.05
    assert np.abs(one.final_.classifier_.coef_[0]).max() < 0.5


def test_rows_of_one_patient_stay_together(cohort: Cohort) -> None:
    """A patient copied four times over must not be known from their own copies."""
    x = pd.concat([frame(cohort)[:60]] * 4, ignore_index=True)
    noise = np.tile(np.random.default_rng(2).permutation(cohort.outcome[:60]), 4)
    groups = np.tile(np.arange(60), 4)
    apart = model(cohort, "decision_tree", folds=2).fit(x, noise)
    together = model(cohort, "decision_tree", folds=2).fit(x, noise, groups=groups)
    areas = [roc_auc_score(noise, one.signatures_[0][1].out_of_fold_) for one in (apart, together)]
    assert areas[0] > 0.8
    assert areas[1] < 0.7


def test_contributions_add_up_to_the_log_odds(cohort: Cohort, fitted: CombinedModel) -> None:
    x = frame(cohort)[400:401].copy()
    x.iloc[0, 2] = np.nan
    x.iloc[0, 3] = 1e6  # clipped, not extrapolated
    why = explain(fitted, x)
    total = why.baseline + sum(why.terms.values())
    assert why.exact
    assert total == pytest.approx(log_odds(fitted.predict_proba(x)[0, 1]), abs=1e-9)
    assert "rad_sign" not in why.terms
    assert "dl_sign" in why.terms
    assert f"{RADIOMICS}_Mean" in why.terms


def test_contributions_of_a_forest_are_called_what_they_are(cohort: Cohort) -> None:
    one = model(cohort, "random_forest", folds=2).fit(frame(cohort)[:120], cohort.outcome[:120])
    x = frame(cohort)[400:401]
    why = explain(one, x)
    assert not why.exact
    z = one.final_.prepared(one.final_inputs(x))
    without = z.copy()
    without[0, 0] = 0.0
    by_hand = log_odds(one.final_.classifier_.predict_proba(np.vstack([z, without]))[:, 1])
    assert why.terms["rad_sign"] == pytest.approx(by_hand[0] - by_hand[1])


@pytest.mark.parametrize("classifier", ["logistic_regression", "svm_linear"])
def test_a_compact_model_answers_as_before_without_patients(cohort: Cohort, classifier: str) -> None:
    one = model(cohort, classifier, folds=3).fit(frame(cohort)[:150], cohort.outcome[:150])
    small = compacted(one)
    x = frame(cohort)[150:300]
    np.testing.assert_allclose(small.predict_proba(x), one.predict_proba(x), rtol=0, atol=1e-12)
    selected = one.signatures_[0][1].prepare_["lasso"].support_.sum()
    assert len(small.signatures_[0][1].prepare_["inputs"].columns) == selected
    assert small.out_of_fold_ is None
    assert all(signature.out_of_fold_ is None for _, signature in small.signatures_)
    assert one.out_of_fold_ is not None
