"""Which variants a cohort can train, and on whom."""

from dataclasses import replace

import numpy as np
import pytest

from models.signatures.errors import TrainingInputError
from models.signatures.study.variants import complete, trainable


def _without(table, block, rows):
    features = table.features.copy()
    own = [name for name in features if name.startswith(f"{block}.")]
    features.loc[rows, own] = np.nan
    return replace(table, features=features)


def test_both_variants_and_the_most_complete_first(tiny_table):
    found, notes = trainable(tiny_table)
    assert [one.plan.name for one in found] == ["both", "disc"] and notes == []


def test_patients_without_a_block_train_only_the_variants_that_do_not_read_it(tiny_table):
    whole = complete(tiny_table, tiny_table.description.variants[0])
    table = _without(tiny_table, "ct.vertebra.radiomics", np.arange(20))
    both, disc = table.description.variants
    assert complete(table, both)[20:].sum() == whole[20:].sum() and not complete(table, both)[:20].any()
    assert (complete(table, disc) == complete(tiny_table, disc)).all()


def test_a_block_that_few_patients_have_leaves_the_report_to_the_other_variant(tiny_table):
    table = _without(tiny_table, "ct.vertebra.radiomics", np.arange(110))
    found, notes = trainable(table)
    assert found[0].plan.name == "disc"
    lean = _without(tiny_table, "ct.vertebra.radiomics", np.arange(140))
    found, notes = trainable(lean)
    assert [one.plan.name for one in found] == ["disc"] and "too few" in notes[0]


def test_a_table_without_any_block_is_refused(tiny_table):
    names = [name for name in tiny_table.features if name.startswith("mr_sag_t1.")]
    with pytest.raises(TrainingInputError, match=r"disc needs mr_sag_t2.disc.radiomics, which"):
        trainable(replace(tiny_table, features=tiny_table.features[names]))
