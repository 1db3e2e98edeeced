"""Which fits a study makes."""

import numpy as np
import pytest

from models.signatures.errors import TrainingInputError
from models.signatures.study.settings import Settings
from models.signatures.study.splits import permuted, plan_of

OUTCOME = np.tile([0, 0, 1], 20)
GROUPS = np.array([f"P{i}" for i in range(60)])
SITES = np.array(["A"] * 30 + ["B"] * 30)


def test_every_fit_is_there_once():
    plan = plan_of(OUTCOME, GROUPS, SITES, Settings(folds=4, repeats=2, permutations=3))
    assert (len(plan.nested), len(plan.sites), len(plan.permutations)) == (8, 2, 12)
    assert [len(share) for share in plan.learning] == [4, 4, 4]
    learning = [split for share in plan.learning for split in share]
    names = [s.name for s in (*plan.nested, *plan.sites, *plan.permutations, *learning)]
    assert len(set(names)) == len(names)
    sizes = [len(share[0].train) for share in plan.learning]
    assert sizes == sorted(sizes) and sizes[-1] < len(plan.nested[0].train)


def test_too_few_patients_for_a_share_leave_it_out():
    outcome = np.tile([0, 0, 0, 1], 8)
    plan = plan_of(outcome, GROUPS[:32], SITES[:32], Settings(folds=4))
    assert plan.learning == []


def test_folds_that_cannot_be_made_are_the_users_to_mend():
    with pytest.raises(TrainingInputError, match="give --folds 2"):
        plan_of(np.array([0] * 20 + [1] * 2), GROUPS[:22], SITES[:22], Settings())


def test_shuffling_keeps_the_number_of_events_and_a_patients_rows_together():
    shuffled = permuted(OUTCOME, GROUPS, 0, seed=0)
    assert shuffled.sum() == OUTCOME.sum() and (shuffled != OUTCOME).any()
    assert (shuffled == permuted(OUTCOME, GROUPS, 0, seed=0)).all()
    assert (shuffled != permuted(OUTCOME, GROUPS, 1, seed=0)).any()
    rows, owners = np.repeat(OUTCOME, 3), np.repeat(GROUPS, 3)
    together = permuted(rows, owners, 2, seed=0).reshape(60, 3)
    assert (together == together[:, :1]).all()


@pytest.mark.parametrize(
    ("option", "value"),
    [("recipe", "best"), ("folds", 1), ("repeats", 0), ("permutations", -1), ("jobs", 0), ("threshold", 1.0)],
)
def test_settings_that_make_no_sense_are_refused(option, value):
    with pytest.raises(TrainingInputError, match=f"--{option} {value}: must be"):
        Settings(**{option: value}).check()
