"""The population stability index: by hand, of equal and of shifted groups."""

import numpy as np
import pytest

from models.validation.drift import psi, scanner_drift


def test_psi_by_hand():
    expected = np.repeat([1.0, 2.0], [50, 50])
    actual = np.repeat([1.0, 2.0], [20, 80])
    # two bins: .5 .5 against .2 .8
    by_hand = (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    assert psi(expected, actual, bins=2) == pytest.approx(by_hand)


def test_an_empty_bin_and_missing_values_keep_it_finite():
    rng = np.random.default_rng(0)
    first = np.append(rng.normal(size=200), np.nan)
    assert psi(first, rng.normal(size=200) + 50) > 2
    assert psi(first, first) == pytest.approx(0)
    assert np.isnan(psi([np.nan], first)) and np.isnan(psi([1.0, 1.0], first))


def test_a_scanner_that_measures_otherwise_stands_out():
    rng = np.random.default_rng(1)
    scanners = np.repeat(np.array(["A", "B", "C", "few", ""], dtype=object), [80, 80, 80, 4, 4])
    values = rng.normal(size=(len(scanners), 12))
    values[scanners == "C"] += 1.5
    found = scanner_drift(values, scanners)
    assert set(found) == {"A", "B", "C"}
    assert found["C"]["psi"] > 1 and found["C"]["n"] == 80
    assert found["C"]["psi"] > 5 * found["C"]["by_chance"]


def test_scanners_that_agree_have_about_what_chance_has():
    rng = np.random.default_rng(2)
    scanners = np.repeat(np.array(["A", "B"], dtype=object), 100)
    found = scanner_drift(rng.normal(size=(200, 60)), scanners)["A"]
    assert found["psi"] == pytest.approx(found["by_chance"], rel=0.35)
