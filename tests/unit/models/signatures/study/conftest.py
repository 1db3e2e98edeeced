"""A small generated cohort as the training reads it."""

import pytest

from models.signatures.cohorts import simulate
from models.signatures.description import built_in, read_description
from models.signatures.table import read_table


def _small(frame):
    """Keep few features of each block, so that a fit takes no time."""
    head = [name for name in frame if name.count(".") < 3]
    blocks = {}
    for name in frame.columns.drop(head):
        blocks.setdefault(name.rpartition(".")[0], []).append(name)
    return frame[head + [name for names in blocks.values() for name in names[:6]]]


@pytest.fixture(scope="session")
def cohort_path(tmp_path_factory):
    frame, _ = simulate("asdeg", n_patients=150, best_auc=0.85, sites=3, site_shift=0.3, missing=0.02, seed=1)
    path = tmp_path_factory.mktemp("cohort") / "features.csv"
    _small(frame).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def table(cohort_path):
    return read_table(cohort_path, description=built_in("asdeg"))


TINY = """\
schema = 1
name = "tiny"
title = "a small predictor"
intended_use = "tests"
[outcome]
definition = "simulated"
[clinical.osteoporosis]
type = "truth"
required = true
[clinical.segments]
type = "number"
unit = "segments"
range = [1, 3]
[[variants]]
name = "both"
blocks = ["mr_sag_t2.disc.radiomics", "ct.vertebra.radiomics", "mr_sag_t2.disc.deep"]
[[variants]]
name = "disc"
blocks = ["mr_sag_t2.disc.radiomics"]
[recipe]
folds = 3
search_folds = 3
components = 4
classifiers = ["logistic_regression", "naive_bayes"]
"""


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("predictor") / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_table(cohort_path, tiny_path):
    return read_table(cohort_path, description=read_description(tiny_path))
