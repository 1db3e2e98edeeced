"""Rows that no evaluation may stand on."""

from pathlib import Path

import pandas as pd
import pytest

from models.signatures.errors import TableError
from models.signatures.table_checks import external_rows


@pytest.mark.parametrize("option", [None, "", "split=test"])
def test_patients_that_the_backbone_has_seen_are_refused(option: str | None) -> None:
    frame = pd.DataFrame({"split": ["train", "test", "in_sample"]})
    with pytest.raises(TableError, match="1 patients have the split in_sample"):
        external_rows(Path("t.csv"), frame, option)
    outside, column = external_rows(Path("t.csv"), frame[:2], option)
    assert column == "split"
    assert outside.tolist() == [False, option != ""]
