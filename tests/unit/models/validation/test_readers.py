"""Readers: kappa by hand, the model at the reader's own share of calls."""

import numpy as np
import pytest
from scipy.stats import binomtest

from models.validation.readers import cohen_kappa, compare_readers


def test_kappa_by_hand():
    # Cohen's table: both yes 20, only A 5, only B 10, both no 15: (.7 - .5) / (1 - .5) = .4
    a = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    b = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(a, b) == pytest.approx(0.4)
    assert cohen_kappa(a, a) == pytest.approx(1)
    assert np.isnan(cohen_kappa([1, 1], [1, 1]))


def test_a_reader_and_the_model_at_the_same_share_of_calls():
    outcome = {f"P{i}": int(i < 4) for i in range(10)}
    model = {f"P{i}": 0.9 - 0.05 * i for i in range(10)}  # ranks everybody right
    calls = {"A": {f"P{i}": int(i in (0, 1, 5, 6)) for i in range(10)}, "B": {"P0": 1, "P5": 1, "X": 0}}
    found = compare_readers(outcome, calls, model)
    a, b = found["readers"]
    assert (a["reader"], a["n"], b["n"]) == ("A", 10, 2)
    assert (a["sensitivity"], a["specificity"]) == pytest.approx((0.5, 4 / 6), abs=1e-6)
    assert a["kappa_outcome"] == pytest.approx((0.6 - 0.52) / 0.48, abs=1e-6)
    assert a["model"]["accuracy"] == 1.0  # it calls four, and they are the four
    assert a["model"]["mcnemar_p"] == pytest.approx(binomtest(0, 4).pvalue)
    # on the two patients that both read, one of them only says yes: no agreement beyond chance
    assert found["agreement"] == [{"a": "A", "b": "B", "n": 2, "kappa": None}]
