import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.cohort.extract import Extraction
from pipelines.cohort.read import Cohort, Patient
from pipelines.cohort.rows import CaseRow, Remark
from pipelines.cohort.table import feature_table, provenance, write_remarks, write_table

FULL = CaseRow(
    {"mr_sag_t2.disc.radiomics.f": 2.0, "ct.vertebra.radiomics.f": 1.0},
    {"scanner.ct": "A|B|120"},
    {"age": 70.0, "sex": "F"},
    {"ct": "net 1 abc"},
    {"hu@1": "d"},
    (Remark("mr_sag_t1", "GAP", "slices are missing"),),
)
HALF = CaseRow(
    {"ct.vertebra.radiomics.f": 3.0}, {"scanner.ct": "A|C|100"}, {"sex": "M"}, {"ct": "net 1 xyz"}, {}
)
PATIENTS = (
    Patient("P1", (), {"age": 61.0, "osteoporosis": True, "fused_levels": ["L4-L5"]}, 1, "Bern", "train"),
    Patient("P2", (), {}, 0, "Bern", None),
    Patient("P3", (), {"clinical.smoker": "never"}, None, None, None),
)
COHORT = Cohort(Path("c.csv"), PATIENTS, ())
EXTRACTION = Extraction({"P1": FULL, "P3": HALF}, (("P2", Remark("reading", "NOT_DICOM", "no file")),))


@pytest.fixture
def table() -> pd.DataFrame:
    return feature_table(COHORT, EXTRACTION)


def test_rows_and_sheet_are_joined(table: pd.DataFrame) -> None:
    assert list(table.columns) == [
        "patient",
        "outcome",
        "site",
        "split",
        "scanner.ct",
        "clinical.age",
        "clinical.sex",
        "clinical.osteoporosis",
        "clinical.fused_levels",
        "clinical.smoker",
        "ct.vertebra.radiomics.f",
        "mr_sag_t2.disc.radiomics.f",
    ]
    assert list(table["patient"]) == ["P1", "P3"]
    assert list(table["clinical.age"].isna()) == [False, True]
    assert table["clinical.age"][0] == 61.0  # the sheet wins over the header
    assert list(table["clinical.sex"]) == ["F", "M"]
    assert list(table["outcome"].isna()) == [False, True]


@pytest.mark.parametrize("name", ["f.parquet", "f.csv", "f.csv.gz"])
def test_files_say_what_made_them(table: pd.DataFrame, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_table(table, path, provenance(EXTRACTION))
    if name.endswith("parquet"):
        found = json.loads(pq.read_schema(path).metadata[b"lumbar_node"])
        back = pd.read_parquet(path)
    else:
        found = json.loads(path.with_name(f"{name}.json").read_text())
        back = pd.read_csv(path)
    assert found["models"] == {"ct": ["net 1 abc", "net 1 xyz"]} and found["profiles"] == {"hu@1": ["d"]}
    assert list(back.columns) == list(table.columns)
    assert list(back["ct.vertebra.radiomics.f"]) == [1.0, 3.0]
    assert not list(tmp_path.glob(".*"))


def test_another_ending_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.parquet"):
        write_table(table, tmp_path / "f.xlsx", {})


def test_failures_and_lost_series_are_listed(tmp_path: Path) -> None:
    assert write_remarks(EXTRACTION.remarks, tmp_path / "f.failures.csv") == 2
    assert (tmp_path / "f.failures.csv").read_text().splitlines() == [
        "patient,stage,code,text",
        "P2,reading,NOT_DICOM,no file",
        "P1,mr_sag_t1,GAP,slices are missing",
    ]
