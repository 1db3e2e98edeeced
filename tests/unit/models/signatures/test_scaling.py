import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import RobustScaler, StandardScaler

from models.signatures.scaling import Components, MeanStandard, RobustStandard


def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, size=(41, 7)) ** 3
    x[:, 5] = 4.0
    return x


def test_as_scikit_learn_where_nothing_is_missing() -> None:
    x = values()
    np.testing.assert_allclose(
        RobustStandard().fit(x).transform(x), RobustScaler().fit_transform(x), atol=1e-12
    )
    np.testing.assert_allclose(
        MeanStandard().fit(x).transform(x), StandardScaler().fit_transform(x), atol=1e-12
    )


def test_as_scikit_learn_of_the_values_that_are_there_and_then_typical() -> None:
    x = values()
    x[np.random.default_rng(1).random(x.shape) < 0.3] = np.nan
    x[:, 6] = np.nan
    for ours, theirs in ((RobustStandard(), RobustScaler()), (MeanStandard(), StandardScaler())):
        expected = np.nan_to_num(theirs.fit_transform(x[:, :6]))
        found = ours.fit(x).transform(x)
        np.testing.assert_allclose(found[:, :6], expected, atol=1e-12)
        assert (found[:, 6] == 0).all()


def test_what_was_fitted_stays_when_another_table_comes() -> None:
    x = values()
    step = RobustStandard().fit(x[:20])
    np.testing.assert_array_equal(step.transform(x[20:]), step.transform(x)[20:])


def test_components_are_no_more_than_there_can_be() -> None:
    x = values()
    few = Components(32).fit(x[:6])
    assert few.transform(x).shape == (41, 5)
    found, expected = Components(3).fit(x).transform(x), PCA(3, svd_solver="full").fit_transform(x)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-9)
