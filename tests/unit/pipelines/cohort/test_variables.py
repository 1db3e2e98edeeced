from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cohort import CohortError, read_variables

Write = Callable[..., Path]


def test_one_row_per_patient(sheet: Write) -> None:
    found = read_variables(sheet("patient,issuer,age,osteoporosis", "P1,,61,yes", "P1,KSB,,no"))
    assert [(one.patient, one.issuer, dict(one.values)) for one in found] == [
        ("P1", "", {"age": 61.0, "osteoporosis": True}),
        ("P1", "KSB", {"osteoporosis": False}),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("patient,age", "P1,61", "P1,62"), "row 3, column patient: 'P1' is in row 2 already"),
        (("patient,age", "P1,6100"), "row 2, column age: '6100': must be a number"),
        (("age", "61"), "row 1, column patient: the column is missing"),
        (("patient,issuer", "P1,"), "no clinical variable"),
        (("patient,clinical.smoker", "P1,1"), "not a variable that the node's predictors read"),
        (("patient,outcome,age", "P1,1,60"), "column outcome: unknown column"),
    ],
)
def test_what_is_wrong_is_listed(sheet: Write, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(CohortError) as caught:
        read_variables(sheet(*lines))
    assert said in str(caught.value)
