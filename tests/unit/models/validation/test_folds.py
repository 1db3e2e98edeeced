"""Splits: everybody once, patients whole, sites apart."""

import numpy as np
import pytest

from models.validation.folds import repeated_folds, sites_left_out, smaller


def _rows(patients=60, per_patient=3):
    outcome = np.repeat((np.arange(patients) % 3 == 0).astype(int), per_patient)
    return outcome, np.repeat([f"P{i}" for i in range(patients)], per_patient)


def test_every_row_is_tested_once_per_repeat_and_no_patient_is_on_both_sides():
    outcome, groups = _rows()
    splits = repeated_folds(outcome, groups, folds=5, repeats=2, seed=3)
    assert len({split.name for split in splits}) == 10
    for repeat in (0, 1):
        tested = np.concatenate([split.test for split in splits if split.repeat == repeat])
        assert sorted(tested) == list(range(len(outcome)))
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
        assert abs(outcome[split.test].mean() - outcome.mean()) < 0.1
    first, second = splits[0], splits[5]
    assert set(first.test) != set(second.test)


def test_the_seed_decides():
    outcome, groups = _rows()
    a, b, c = (repeated_folds(outcome, groups, folds=4, repeats=1, seed=seed) for seed in (0, 0, 1))
    assert all((x.test == y.test).all() for x, y in zip(a, b, strict=True))
    assert any(len(x.test) != len(y.test) or (x.test != y.test).any() for x, y in zip(a, c, strict=True))


def test_more_folds_than_patients_of_a_class_are_refused():
    with pytest.raises(ValueError, match="the smaller has 3: give --folds 3"):
        repeated_folds([1, 1, 1, 0, 0, 0, 0], list("abcdefg"), folds=5, repeats=1, seed=0)


def test_each_site_is_left_out_once():
    outcome = np.tile([0, 1], 30)
    sites = np.repeat(["Nord", "Süd", ""], 20)
    splits = sites_left_out(outcome, sites)
    assert [set(sites[split.test]) for split in splits] == [{"Nord"}, {"Süd"}]
    assert set(sites[splits[0].train]) == {"Süd", ""}
    assert sites_left_out(outcome, ["one"] * 60) == []


def test_a_site_that_holds_nearly_all_patients_cannot_be_left_out():
    outcome = np.tile([0, 1], 30)
    sites = ["big"] * 56 + ["small"] * 4
    assert [split.test.tolist() for split in sites_left_out(outcome, sites)] == [[56, 57, 58, 59]]


def test_a_smaller_split_keeps_whole_patients_of_both_classes_and_the_same_test():
    outcome, groups = _rows()
    split = repeated_folds(outcome, groups, folds=5, repeats=1, seed=0)[0]
    half = smaller(split, 0.5, outcome, groups, seed=1)
    assert (half.test == split.test).all() and set(half.train) < set(split.train)
    assert all((groups[split.train] == p).sum() == 3 for p in set(groups[half.train]))
    assert len(half.train) == pytest.approx(len(split.train) / 2, abs=3)
    assert abs(outcome[half.train].mean() - outcome[split.train].mean()) < 0.05
