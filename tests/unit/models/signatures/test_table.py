import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.signatures.description import built_in
from models.signatures.errors import TableError
from models.signatures.table import read_table
from models.signatures.table_checks import single_aucs

FEATURES = [f"f{i}" for i in range(6)]


def plain_frame(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 6)), columns=FEATURES)
    frame.insert(0, "Target", np.arange(n) % 2)
    frame.insert(0, "ID", [f"P{i:03d}" for i in range(n)])
    frame["split"] = ["test" if i >= n - 8 else "train" for i in range(n)]
    return frame


def asdeg_frame(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    names = [f"ct.vertebra.radiomics.original_firstorder_{name}" for name in ("Mean", "Median", "Energy")]
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=names)
    frame["patient"] = [f"P{i}" for i in range(n)]
    frame["outcome"] = np.arange(n) % 2
    frame["scanner.ct"] = "SIEMENS|Force|120"
    frame["clinical.osteoporosis"] = np.where(rng.random(n) < 0.3, "yes", "no")
    frame["clinical.diagnosis"] = "spinal_stenosis"
    frame["clinical.segments"] = rng.integers(1, 4, n)
    return frame


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def read_plain(frame: pd.DataFrame, tmp_path: Path, **options: Any) -> Any:
    return read_table(write(frame, tmp_path / "t.csv"), **{"outcome": "Target", "id": "ID", **options})


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
def test_a_plain_table(tmp_path: Path, name: str) -> None:
    frame = plain_frame()
    frame.loc[3, "f2"] = np.nan
    frame.loc[5, "Target"] = np.nan
    table = read_table(write(frame, tmp_path / name), outcome="Target", id="ID", external="split=test")
    assert list(table.features.columns) == FEATURES
    assert table.flow == (("rows in the table", 40), ("with a known outcome", 39), ("for training", 31))
    assert table.external.sum() == 8
    assert table.missing["f2"] == pytest.approx(1 / 31)
    assert table.patients[5] == "P006"
    assert len(table.rows(~table.external)) == 31


def test_the_node_s_own_format(tmp_path: Path) -> None:
    frame = asdeg_frame()
    frame.loc[2, "clinical.segments"] = None
    frame["a note"] = 1.0
    table = read_table(write(frame, tmp_path / "t.csv"), description=built_in("asdeg"))
    assert all(name.startswith("ct.vertebra") for name in table.features.columns)
    assert table.clinical["osteoporosis"].isin([True, False]).all()
    assert np.isnan(table.encoded["clinical.segments"][2])
    assert table.encoded["clinical.diagnosis=spinal_stenosis"].eq(1).all()
    assert set(table.frame.columns) == {*table.features, *table.encoded, "scanner.ct"}


def test_the_levels_next_to_the_fusion_stand_for_their_group(tmp_path: Path) -> None:
    asdeg = built_in("asdeg")
    recipe = asdeg.recipe.model_copy(update={"aggregation": "adjacent"})
    frame = asdeg_frame()
    mean = "ct.vertebra.radiomics.original_firstorder_Mean"
    frame[mean.replace("vertebra", "adjacent_vertebra")] = [np.nan] + [5.0 + i for i in range(39)]
    path = write(frame, tmp_path / "t.csv")
    table = read_table(path, description=asdeg.model_copy(update={"recipe": recipe}))
    assert table.features[mean][0] == pytest.approx(frame[mean][0])
    assert table.features[mean][1] == 5.0
    assert not any("adjacent" in name for name in table.features)
    assert read_table(path, description=asdeg).features[mean][1] == pytest.approx(frame[mean][1])


def test_pain_s_outcome_is_cut_from_its_scale(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"mr_axial_t2.multifidus.radiomics.original_glcm_Idm": rng.normal(size=30)})
    frame["mr_axial_t2.multifidus.measurement.fat_fraction"] = rng.normal(size=30)
    frame["patient"] = range(30)
    frame["clinical.vas"] = np.arange(30) % 10
    frame["clinical.age"], frame["clinical.sex"] = 50, "F"
    table = read_table(write(frame, tmp_path / "t.csv"), description=built_in("pain").with_cutoff(7))
    assert table.outcome.sum() == 9
    assert "clinical.vas" not in table.frame
    frame.loc[4, "clinical.vas"] = 62
    with pytest.raises(TableError, match=r"line 6, column 'clinical\.vas': '62(\.0)?' must be"):
        read_table(write(frame, tmp_path / "t.csv"), description=built_in("pain").with_cutoff(7))


def test_a_cut_off_without_a_scale_is_told_and_a_foreign_unit_refused(tmp_path: Path) -> None:
    pain = built_in("pain").with_cutoff(7)
    frame = asdeg_frame(30).filter(regex="^(?!clinical)").assign(**{"clinical.age": 50, "clinical.sex": "F"})
    table = read_table(write(frame, tmp_path / "t.csv"), description=pain)
    assert any("the cut-off 7 was not applied" in note for note in table.warnings)
    frame["clinical.vas [mm]"] = np.arange(30) % 10 * 10
    with pytest.raises(
        TableError, match=r"column 'clinical\.vas \[mm\]': unknown unit; call it 'clinical\.vas'"
    ):
        read_table(write(frame, tmp_path / "t.csv"), description=pain)


def test_a_required_variable_without_a_value_is_refused(tmp_path: Path) -> None:
    frame = asdeg_frame(40)
    frame["clinical.osteoporosis"] = None
    with pytest.raises(TableError, match=r"'clinical\.osteoporosis' is required and has no value"):
        read_table(write(frame, tmp_path / "t.csv"), description=built_in("asdeg"))
    frame["clinical.osteoporosis"] = 1
    table = read_table(write(frame, tmp_path / "t.csv"), description=built_in("asdeg"))
    assert any("with one value only, of no use: clinical.osteoporosis" in note for note in table.warnings)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    def refused(name: str, content: bytes | None, said: str) -> None:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(TableError, match=said):
            read_table(path, outcome="Target", id="ID")

    refused("missing.csv", None, "there is no such file")
    refused("t.xlsx", b"PK\x03\x04", r"must end in \.parquet, \.csv or \.csv\.gz")
    refused("x.csv", b"PK\x03\x04....", "an Excel or zip file; save the sheet as CSV")
    refused("p.csv", b"PAR1....", r"a parquet file; let its name end in \.parquet")
    refused("p.parquet", b"a,b\n1,2\n", r"is not a \.parquet file")
    refused("q.parquet", b"PAR1 and nothing more", "a damaged parquet file")
    refused("e.csv", b"", "is empty")
    refused("h.csv", b"ID,Target,f\n", "has a header and no row")
    refused("s.csv", b"ID;Target;f\n1;0;1,5\n", "columns are separated by ';'; write it with commas")
    refused("u.csv", "ID,Target\nM\u00fcller,1\n".encode("latin-1"), "is not UTF-8 text")
    refused("d.csv", b"ID,Target,f,f\n1,0,1,2\n", "two columns are called 'f'")
    refused("r.csv", b"ID,Target,f\n1,0,1\n2,1,3,4,5\n", "rows and header do not fit")
    refused("g.csv.gz", gzip.compress(b"ID,Target,f\n1,0,1\n" * 100)[:-9], "cannot be read")
    with pytest.raises(TableError, match="is a folder"):
        read_table(tmp_path, outcome="Target", id="ID")


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    frame = plain_frame()
    with pytest.raises(TableError, match=r"no column 'target' \(--outcome\); the nearest are Target"):
        read_plain(frame, tmp_path, outcome="target")
    with pytest.raises(TableError, match=r"no column 'Id' \(--id\); the nearest are ID"):
        read_plain(frame, tmp_path, id="Id")
    with pytest.raises(TableError, match=r"no column 'hospital' \(--site\)"):
        read_plain(frame, tmp_path, site="hospital")
    with pytest.raises(TableError, match=r"no row has split = validation .*its values are test, train"):
        read_plain(frame, tmp_path, external="split=validation")
    with pytest.raises(TableError, match="must read COLUMN=VALUE"):
        read_plain(frame, tmp_path, external="split")
    with pytest.raises(TableError, match=r"required clinical variable clinical\.segments has no column"):
        read_table(
            write(asdeg_frame().drop(columns="clinical.segments"), tmp_path / "a.csv"),
            description=built_in("asdeg"),
        )


def test_too_few_and_one_class(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="too few patients: 18 patients for training, 9 with the outcome"):
        read_plain(plain_frame(26), tmp_path, external="split=test")
    with pytest.raises(TableError, match="one class only: 32 patients for training, 0 with"):
        read_plain(plain_frame().assign(Target=0), tmp_path)
    with pytest.raises(TableError, match="too few of one class"):
        read_plain(plain_frame().assign(Target=lambda f: (f.index < 3).astype(int)), tmp_path)
    with pytest.raises(TableError, match=r"no outcome of two classes: line 2 holds '0\.5'|holds '2'"):
        read_plain(plain_frame().assign(Target=lambda f: f.index % 3), tmp_path)


def test_useless_columns_go_with_a_word(tmp_path: Path) -> None:
    table = read_plain(plain_frame().assign(c=1.0, e=np.nan, w="word"), tmp_path)
    assert list(table.features.columns) == FEATURES
    said = " ".join(table.warnings)
    assert "1 column that never change left out: c" in said
    assert "1 column without any value left out: e" in said
    assert "columns of words left out: w" in said
    with pytest.raises(TableError, match="no feature is left"):
        read_plain(plain_frame().assign(**dict.fromkeys(FEATURES, 1.0)), tmp_path)


def test_a_patient_on_both_sides_or_twice(tmp_path: Path) -> None:
    frame = plain_frame()
    twice = frame.assign(ID=lambda f: f["ID"].replace("P003", "P004"))
    with pytest.raises(TableError, match=r"P004 stands in 2 rows \(line 5, line 6\).*--group"):
        read_plain(twice, tmp_path)
    grouped = frame.assign(who=[f"G{i % 35}" for i in range(40)])
    with pytest.raises(TableError, match="5 patients are in the training and in the external part: G0, G1"):
        read_plain(grouped, tmp_path, group="who", external="split=test")
    copied = frame.copy()
    copied.loc[39, FEATURES] = copied.loc[2, FEATURES]
    with pytest.raises(TableError, match=r"line 4 and line 41 hold the very same features under two names"):
        read_plain(copied, tmp_path)


def test_a_leaking_column_is_refused_until_it_is_dropped(tmp_path: Path) -> None:
    frame = plain_frame().assign(grade_after=lambda f: f["Target"] * 10 + f["f0"])
    with pytest.raises(TableError, match=r"'grade_after' alone tells the outcome.*--drop grade_after"):
        read_plain(frame, tmp_path)
    assert list(read_plain(frame, tmp_path, drop=["grade_after"]).features.columns) == FEATURES
    absent = plain_frame().assign(only=lambda f: f["f0"].where(f["Target"] == 1))
    with pytest.raises(TableError, match="'only' alone tells"):
        read_plain(absent, tmp_path)


def test_single_columns_are_measured_as_one_by_one() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(60, 5)).round(1), rng.integers(0, 2, 60)
    by_hand = [max(a, 1 - a) for a in (roc_auc_score(y, x[:, i]) for i in range(5))]
    np.testing.assert_allclose(single_aucs(x, y), by_hand)


def test_cells_that_are_no_numbers(tmp_path: Path) -> None:
    frame = plain_frame()
    frame["f1"] = frame["f1"].astype(object)
    frame.loc[7, "f1"] = "1,5"
    with pytest.raises(TableError, match="line 9, column 'f1': '1,5' is no number"):
        read_plain(frame, tmp_path)
    frame = plain_frame()
    frame.loc[7, "f1"] = np.inf
    path = write(frame, tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"row 8, column 'f1': the value is infinite \(1 such cells\)"):
        read_table(path, outcome="Target", id="ID")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (
            "clinical.segments",
            6100,
            r"line 5, column clinical\.segments = 6100(\.0)?: must be a",
        ),
        ("clinical.segments", 1.5, r"must be a whole number from 1 to 3 \(segments to be fused\)"),
        ("clinical.osteoporosis", "perhaps", r"clinical\.osteoporosis = perhaps: must be true or false"),
        ("clinical.diagnosis", "fracture", r"clinical\.diagnosis = fracture: must be one of disc_herniation"),
    ],
)
def test_clinical_values_that_cannot_be(tmp_path: Path, column: str, value: Any, said: str) -> None:
    frame = asdeg_frame().astype({column: object})
    frame.loc[3, column] = value
    with pytest.raises(TableError, match=said):
        read_table(write(frame, tmp_path / "t.csv"), description=built_in("asdeg"))


def test_units_in_names_are_ours_or_refused(tmp_path: Path) -> None:
    frame = asdeg_frame()
    good = frame.rename(columns={"clinical.segments": "clinical.segments [segments to be fused]"})
    table = read_table(write(good, tmp_path / "t.csv"), description=built_in("asdeg"))
    assert table.encoded["clinical.segments"].notna().all()
    bad = frame.rename(columns={"clinical.segments": "clinical.segments (mm)"})
    with pytest.raises(TableError, match=r"unknown unit 'mm'; must be a whole number"):
        read_table(write(bad, tmp_path / "t.csv"), description=built_in("asdeg"))


@pytest.mark.real
@pytest.mark.parametrize(("name", "shape"), [("worc_lipo", (114, 1015)), ("lgg_1p19q", (159, 2030))])
def test_real_tables(name: str, shape: tuple[int, int], shared_data: Path) -> None:
    table = read_table(shared_data / "tables" / name / "table.csv.gz", outcome="Target", id="ID")
    assert table.features.shape == shape
    assert not table.warnings
