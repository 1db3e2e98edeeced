import numpy as np
import pandas as pd
import pytest

from models.signatures.harmonise import Harmonise, TakeColumns

COLUMNS = (*(f"ct.vertebra.radiomics.f{i}" for i in range(40)), "mr_sag_t2.disc.radiomics.g")


def drawn(
    n: int = 120, shift: float = 3.0, stretch: float = 2.0, rare: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Patients of two scanners; the second one shifts and stretches every feature a little differently."""
    rng = np.random.default_rng(0)
    truth = rng.normal(10, 4, size=(n, 41))
    second = np.arange(n) % 2 == 1
    x = truth.copy()
    by = shift * 4 + rng.normal(0, 0.5, 40)
    x[second, :40] = 10 + (truth[second, :40] - 10) * stretch + by
    frame = pd.DataFrame(x, columns=list(COLUMNS))
    frame["scanner.ct"] = np.where(second, "GE|Revolution|120", "SIEMENS|Force|120")
    frame.loc[frame.index[:rare], "scanner.ct"] = "Philips|iCT|120"
    return frame, second


def apart(x: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Mean difference in SD of the first scanner, and ratio of the spreads."""
    first, other = x[~second, :40], x[second, :40]
    difference = (other.mean(axis=0) - first.mean(axis=0)) / first.std(axis=0)
    return float(np.abs(difference).mean()), float((other.std(axis=0) / first.std(axis=0)).mean())


def test_scanners_come_to_one_scale() -> None:
    x, second = drawn()
    assert apart(TakeColumns(COLUMNS).fit_transform(x), second)[0] > 2.5
    shift, ratio = apart(Harmonise(COLUMNS).fit_transform(x), second)
    assert shift < 0.15
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_patients_keep_their_order_within_a_scanner_and_a_role_without_scanner_stays() -> None:
    x, second = drawn()
    found = Harmonise(COLUMNS).fit_transform(x)
    before = x[list(COLUMNS)].to_numpy()
    for rows in (second, ~second):
        np.testing.assert_array_equal(np.argsort(found[rows], axis=0), np.argsort(before[rows], axis=0))
    np.testing.assert_array_equal(found[:, 40], before[:, 40])


def test_the_outcome_never_steers_it() -> None:
    x, second = drawn()
    with_outcome = Harmonise(COLUMNS).fit(x, second.astype(int))
    other_outcome = Harmonise(COLUMNS).fit(x, 1 - second.astype(int))
    np.testing.assert_array_equal(with_outcome.transform(x), other_outcome.transform(x))


def test_a_scanner_that_was_not_in_the_training_is_left_and_named() -> None:
    x, _ = drawn()
    step = Harmonise(COLUMNS).fit(x)
    new = x.iloc[:3].copy()
    new["scanner.ct"] = ["Canon|One|100", "", "SIEMENS|Force|120"]
    np.testing.assert_array_equal(step.transform(new)[:2], new[list(COLUMNS)].to_numpy()[:2])
    assert step.unseen(new) == [["ct"], ["ct"], []]
    assert (step.transform(new)[2, :40] != new[list(COLUMNS)].to_numpy()[2, :40]).all()
    without = x.drop(columns="scanner.ct")
    assert Harmonise(COLUMNS).fit(without).unseen(without) == [[]] * len(x)


def test_a_scanner_with_too_few_patients_is_not_learnt() -> None:
    x, _ = drawn(rare=3)
    step = Harmonise(COLUMNS).fit(x)
    assert "Philips|iCT|120" not in step.known_["ct"]
    assert step.unseen(x.iloc[:1]) == [["ct"]]
    np.testing.assert_array_equal(step.transform(x)[:3], x[list(COLUMNS)].to_numpy()[:3])


def test_few_patients_are_drawn_towards_what_the_scanner_does_as_a_whole() -> None:
    x, second = drawn()
    few = pd.concat([x[~second], x[second][:6]])
    own = few[list(COLUMNS)].to_numpy()[-6:, :40]
    plain = own.mean(axis=0)  # what each feature's own six values say of the shift
    step = Harmonise(COLUMNS).fit(few)
    key = "ct/GE|Revolution|120"
    truth = x[second][list(COLUMNS)].to_numpy()[:, :40].mean(axis=0)
    # where a typical patient (10) of that scanner would lie
    estimated = 10 * step.stretch_[key][:40] + step.shift_[key][:40]
    assert np.abs(estimated - truth).mean() < np.abs(plain - truth).mean()


def test_missing_values_stay_missing_and_disturb_nothing() -> None:
    x, _ = drawn()
    x.iloc[::5, 3] = np.nan
    found = Harmonise(COLUMNS).fit_transform(x)
    assert np.isnan(found[::5, 3]).all()
    assert np.isfinite(np.delete(found, 3, axis=1)).all()


def test_some_columns_of_it_do_what_the_whole_does() -> None:
    x, _ = drawn()
    step = Harmonise(COLUMNS).fit(x)
    places = np.array([17, 2, 40])
    np.testing.assert_allclose(step.restricted(places).transform(x), step.transform(x)[:, places])
