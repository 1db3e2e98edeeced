"""Real feature tables: with the papers' selection the estimate reaches a tuned baseline less .02."""

from pathlib import Path

import numpy as np
import pytest

from models.signatures.builders import build
from models.signatures.study.estimate import together
from models.signatures.study.fits import Fit
from models.signatures.table import read_table
from models.validation.delong import auc
from models.validation.folds import repeated_folds

TABLES = Path(__file__).parents[6] / "shared" / "data" / "tables"


@pytest.mark.real
@pytest.mark.parametrize(("name", "limit"), [("worc_lipo", 0.814), ("lgg_1p19q", 0.792)])
def test_the_nested_estimate_reaches_the_baseline(name, limit):
    path = TABLES / name / "table.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there: real tables are not part of the repository")
    table = read_table(path, outcome="Target", id="ID")
    model = build(table.description, "radiomics", table.columns, classifier="logistic_regression")
    fit = Fit(table.frame, table.outcome, table.groups, {"radiomics": model})
    splits = repeated_folds(table.outcome, table.groups, folds=5, repeats=1, seed=0)
    p = together(len(table), splits, [fit(split) for split in splits], "radiomics")
    assert np.isfinite(p).all()
    assert auc(table.outcome, p) >= limit
