import numpy as np
import pandas as pd

from models.signatures.levels import adjacent_frame, adjacent_row

MEAN, NEXT = "mr_sag_t2.disc.deep.deep_000", "mr_sag_t2.adjacent_disc.deep.deep_000"


def test_a_row() -> None:
    assert adjacent_row({MEAN: 1.0, NEXT: 2.0, "ct.vertebra.deep.deep_000": 3.0}) == {
        MEAN: 2.0,
        "ct.vertebra.deep.deep_000": 3.0,
    }
    assert adjacent_row({MEAN: 1.0}) == {MEAN: 1.0}


def test_a_table_does_as_its_rows_do() -> None:
    frame = pd.DataFrame({"other": [7.0, 8.0, 9.0], MEAN: [1.0, 2.0, np.nan], NEXT: [np.nan, 5.0, 6.0]})
    found = adjacent_frame(frame)
    assert list(found.columns) == ["other", MEAN]
    for i, row in enumerate(frame.to_dict("records")):
        known = {key: value for key, value in row.items() if not np.isnan(value)}
        assert found.iloc[i].to_dict() == adjacent_row(known)  # type: ignore[arg-type]
