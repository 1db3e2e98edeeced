"""A table says what made it; a mixture is refused."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.signatures.errors import TableError
from models.signatures.table_origin import METADATA, Origin, origin_of


def _parquet(path, said):
    table = pa.Table.from_pandas(pd.DataFrame({"patient": ["a"]}))
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(said)}), path)
    return path


def test_a_parquet_table_and_a_csv_say_the_same(tmp_path):
    said = {"profiles": {"paper@1": ["ab"]}, "models": {"ct": ["cd"]}}
    csv = tmp_path / "t.csv.gz"
    (tmp_path / "t.csv.gz.json").write_text(json.dumps(said))
    expected = Origin({"paper@1": "ab"}, {"ct": "cd"})
    assert origin_of(_parquet(tmp_path / "t.parquet", said)) == origin_of(csv) == expected


def test_a_table_without_a_word_has_no_origin(tmp_path):
    pd.DataFrame({"patient": ["a"]}).to_parquet(tmp_path / "t.parquet")
    (tmp_path / "u.csv").write_text("a\n")
    assert origin_of(tmp_path / "t.parquet") == origin_of(tmp_path / "u.csv") == Origin()


def test_simulated_patients_are_told_by_the_file_beside_them(tmp_path):
    (tmp_path / "simulation.json").write_text("{}")
    assert origin_of(tmp_path / "t.csv").simulated


def test_two_versions_of_one_profile_are_refused(tmp_path):
    path = _parquet(tmp_path / "t.parquet", {"profiles": {"paper@1": ["ab", "ff"]}})
    with pytest.raises(TableError, match="2 versions of paper@1 and do not compare"):
        origin_of(path)
