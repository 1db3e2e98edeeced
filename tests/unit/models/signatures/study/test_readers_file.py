"""Readers' calls: every mistake by its line."""

import pytest

from models.signatures.errors import TableError
from models.signatures.study.readers_file import read_readers

PATIENTS = ("P1", "P2", "007")


def _write(tmp_path, text):
    path = tmp_path / "readers.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_calls_by_reader(tmp_path):
    path = _write(tmp_path, "patient,reader,call\nP1,Dr. Å,1\n007,Dr. Å,no\nP2,B,0\nP1,B,\n")
    assert read_readers(path, PATIENTS) == {"Dr. Å": {"P1": 1, "007": 0}, "B": {"P2": 0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,reader,calls\nP1,A,1\n", "no column 'call'; the nearest are calls"),
        ("patient,reader,call\nP9,A,1\n", "line 2: patient 'P9' is not in the feature table"),
        ("patient,reader,call\nP1,,1\n", "line 2: names no reader"),
        ("patient,reader,call\nP1,A,1\nP2,A,2\n", "line 3, column 'call': '2' must be 1 or 0"),
        ("patient,reader,call\nP1,A,1\nP1,A,0\n", "line 3: a second call of A for patient 'P1'"),
        ("patient,reader,call\nP1,A,\n", "holds no call"),
        ("patient;reader;call\nP1;A;1\n", "separated by ';'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(TableError, match=message):
        read_readers(_write(tmp_path, text), PATIENTS)
