"""One fit of everything: the signatures inside the combined model are the models of their features alone."""

import numpy as np
import pytest

from models.signatures.study.fits import Permuted, fit_models
from models.signatures.study.run import fit_of
from models.signatures.study.variants import trainable
from models.validation.folds import repeated_folds


@pytest.fixture(scope="module")
def fit(tiny_table):
    return fit_of(trainable(tiny_table)[0][0], 0, None)


@pytest.fixture(scope="module")
def fitted(fit):
    return fit_models(fit.models, fit.frame, fit.outcome, fit.groups)


def test_signatures_need_not_be_fitted_twice(fit, fitted):
    alone = fit_models({"radiomics": fit.models["radiomics"]}, fit.frame, fit.outcome, fit.groups)
    both = fitted.probabilities(fit.frame)
    assert set(both) == {"radiomics", "deep", "clinical", "combined"}
    np.testing.assert_array_equal(alone.probabilities(fit.frame)["radiomics"], both["radiomics"])


def test_what_was_selected_is_what_the_lasso_weighs(fitted):
    signature = fitted.models["radiomics"]
    assert len(fitted.selected["rad_sign"]) == signature.prepare_["lasso"].support_.sum()
    assert all(".radiomics." in name for name in fitted.selected["rad_sign"])
    assert all(name.startswith("component ") for name in fitted.selected["dl_sign"])
    direct = fitted.models["combined"].final_.prepare_["screen"].get_support()[2:].sum()
    signatures = sum(len(names) for names in fitted.selected.values())
    assert fitted.variables >= signatures + direct


def test_a_fit_is_told_nothing_of_the_patients_it_is_tested_on(fit):
    split = repeated_folds(fit.outcome, fit.groups, folds=3, repeats=1, seed=0)[0]
    outcome = fit.outcome.copy()
    outcome[split.test] = 1 - outcome[split.test]
    frame = fit.frame.copy()
    one = fit.only("combined")
    flipped = type(one)(frame, outcome, one.groups, one.models)
    assert one(split)["probability"] == flipped(split)["probability"]


def test_a_permutation_shuffles_what_is_fitted(fit):
    split = repeated_folds(fit.outcome, fit.groups, folds=3, repeats=1, seed=0)[0]
    one = fit.only("clinical")
    assert Permuted(one, 0)(split)["probability"] != one(split)["probability"]
    assert Permuted(one, 0)(split) == Permuted(one, 0)(split)
