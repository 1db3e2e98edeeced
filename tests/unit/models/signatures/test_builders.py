import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LassoCV
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import RobustScaler, StandardScaler

from models.signatures.builders import best_variant, build, columns_of_kind, kinds_in
from models.signatures.compact import names_of
from models.signatures.description import Description, VariantPlan, built_in, plain
from models.signatures.errors import TrainingInputError

BLOCKS = ("ct.vertebra.radiomics", "mr_sag_t2.disc.radiomics", "mr_sag_t2.disc.deep")


def description() -> Description:
    asdeg = built_in("asdeg")
    recipe = asdeg.recipe.model_copy(
        update={"selection": "lasso", "classifiers": ("logistic_regression",), "search_folds": 2}
    )
    plan = VariantPlan(name="both", blocks=BLOCKS)
    return asdeg.model_copy(update={"recipe": recipe, "variants": (plan,)})


def drawn(n: int = 150) -> tuple[pd.DataFrame, np.ndarray]:
    """150 features in 50 groups of copies, of which eight tell something, and six clinical columns."""
    rng = np.random.default_rng(5)
    hidden = rng.normal(size=(n, 50))
    x = np.repeat(hidden, 3, axis=1) + 0.2 * rng.normal(size=(n, 150))
    x = x * rng.gamma(2, 3, size=150) + rng.normal(0, 50, size=150)
    y = (hidden[:, :8].sum(axis=1) + 3 * rng.normal(size=n) > 0).astype(int)
    names = [f"{BLOCKS[i % 3]}.f{i:03d}" for i in range(150)]
    frame = pd.DataFrame(x, columns=names)
    frame["clinical.osteoporosis"] = (rng.random(n) < 0.3).astype(float)
    frame["clinical.segments"] = rng.integers(1, 4, n) + (y * (rng.random(n) < 0.7))
    return frame, y


def test_one_fold_selects_what_scikit_learn_written_by_hand_selects() -> None:
    frame, y = drawn()
    train, _ = next(StratifiedKFold(5, shuffle=True, random_state=0).split(frame, y))
    names = [name for name in frame if name.rpartition(".")[0] in BLOCKS[:2]]
    ordered = sorted(names, key=lambda name: (BLOCKS.index(name.rpartition(".")[0]), name))

    z = SimpleImputer(strategy="median").fit_transform(frame[ordered].to_numpy()[train])
    z = np.clip(RobustScaler().fit_transform(z), -3, 3)
    kept = np.flatnonzero(f_classif(z, y[train])[1] <= 0.05)
    while True:  # greedy recursive deletion
        r = np.abs(np.corrcoef(z[:, kept].T))
        np.fill_diagonal(r, 0)
        if r.max() <= 0.9:
            break
        i, j = np.unravel_index(r.argmax(), r.shape)
        kept = np.delete(kept, i if r[i].sum() > r[j].sum() else j)
    strongest = np.abs((z[:, kept] - z[:, kept].mean(axis=0)).T @ (y[train] - y[train].mean())).max()
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    penalties = (
        strongest / len(train) * np.concatenate([np.geomspace(1, 0.1, 16), np.geomspace(0.1, 0.01, 16)])
    )
    lasso = LassoCV(alphas=penalties, cv=folds, max_iter=20_000).fit(z[:, kept], y[train])
    by_hand = {ordered[i] for i in kept[lasso.coef_ != 0]}

    model = build(description(), "radiomics", list(frame)).fit(frame.iloc[train], y[train])
    assert 4 <= len(by_hand) < 40
    assert set(names_of(model.prepare_)) == by_hand


def test_deep_features_go_through_scores_components_and_lasso_as_by_hand() -> None:
    frame, y = drawn()
    names = sorted(name for name in frame if name.startswith(BLOCKS[2]))
    model = build(description(), "deep", list(frame)).fit(frame, y)
    z = np.clip(StandardScaler().fit_transform(frame[names].to_numpy()), -4, 4)
    scores = PCA(32, svd_solver="full").fit_transform(z)
    kept = model.prepare_["lasso"].support_
    np.testing.assert_allclose(np.abs(model.prepared(frame)), np.abs(scores[:, kept]), atol=1e-6)
    assert model.prepare_["lasso"].coef_.shape == (32,)
    assert 0 < kept.sum() < 32


def test_the_clinical_model_keeps_what_the_univariable_regression_finds() -> None:
    frame, y = drawn()
    model = build(description(), "clinical", list(frame)).fit(frame, y)
    assert names_of(model[:-1]) == ("clinical.segments",)
    assert np.isfinite(model.predict_proba(frame.assign(**{"clinical.segments": np.nan}))).all()


def test_which_models_a_table_can_give() -> None:
    frame, _ = drawn()
    assert kinds_in(description(), list(frame)) == ["radiomics", "deep", "clinical", "combined"]
    assert kinds_in(plain(outcome="Target"), ["a", "b"]) == ["radiomics"]
    assert columns_of_kind(plain(outcome="T").variants[0], ["a", "scanner.ct", "b"], "radiomics") == (
        "a",
        "b",
    )
    with pytest.raises(TrainingInputError, match=r"the table has no mr_sag_t1\.body\.radiomics"):
        best_variant(built_in("asdeg"), list(frame))
    with pytest.raises(TrainingInputError, match="the table has no deep features"):
        build(description(), "deep", [name for name in frame if "deep" not in name])


def test_unstable_features_are_left_out_where_their_group_was_measured() -> None:
    plan = description().variants[0]
    columns = ["ct.vertebra.radiomics.a", "ct.vertebra.radiomics.b", "mr_sag_t2.disc.radiomics.c"]
    found = columns_of_kind(plan, columns, "radiomics", stable={"ct.vertebra.radiomics.b"})
    assert found == ("ct.vertebra.radiomics.b", "mr_sag_t2.disc.radiomics.c")
