from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from pipelines.cohort import CohortError, read_cohort

Write = Callable[..., Path]
BMI = "must be a number from 10 to 80 (kg/m2)"
HEADER = "patient,studies,age,bmi [kg/m2],sex,osteoporosis,segments,fused_levels,diagnosis,outcome,site,split"


def problems(path: Path, **options: Path) -> list[str]:
    with pytest.raises(CohortError) as caught:
        read_cohort(path, **options)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_sheet(sheet: Write) -> None:
    path = sheet(
        HEADER,
        "P1,a;b,61,24.5,f,yes,2,L4-L5;L5-S1,spinal_stenosis,1,Bern,train",
        "",
        'P2,c,,,,,,,,,"Zürich, Süd",',
        encoding="utf-8-sig",
    )
    cohort = read_cohort(path)
    first, second = cohort.patients
    assert [p.parent.parent.name for p in first.files] == ["a", "b"]
    assert first.clinical == {
        "age": 61.0,
        "bmi": 24.5,
        "sex": "F",
        "osteoporosis": True,
        "segments": 2,
        "fused_levels": ["L4-L5", "L5-S1"],
        "diagnosis": "spinal_stenosis",
    }
    assert (first.outcome, first.site, first.split) == (1, "Bern", "train")
    assert (second.outcome, second.site, second.split, dict(second.clinical)) == (
        None,
        "Zürich, Süd",
        None,
        {},
    )
    assert first.fused_levels == ("L4-L5", "L5-S1")


def test_every_problem_is_listed_by_row_and_column(sheet: Write, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    path = sheet(
        HEADER,
        "P1,a,6100,175,X,maybe,1,L4-L5;L5-S1,flu,2,,later",
        "P1,missing,61,24.5,F,no,1,L4-L5,other,0,,",
        ",a,61,1.75,F,no,4,L9-L10,other,0,,",
        "P3,empty,sixty,24;5,F,no,1,,other,yes,,",
        "P4,,61,24.5,F,no",
    )
    found = problems(path)
    expected = [
        "row 2, column age: '6100': must be a number from 18 to 110 (years)",
        f"row 2, column bmi [kg/m2]: '175': {BMI}; this looks like a height in cm",
        "row 2, column sex: 'X': must be one of M, F",
        "row 2, column osteoporosis: 'maybe': must be yes or no",
        "row 2, column diagnosis: 'flu': must be one of",
        "row 2, column outcome: '2': must be 0 or 1",
        "row 2, column split: 'later': must be train, test, external",
        "row 3, column patient: 'P1' is in row 2 already",
        "row 3, column studies: 'missing': no such folder",
        "row 4, column patient: empty",
        "row 4, column studies: 'a' is the study of row 2 already",
        f"row 4, column bmi [kg/m2]: '1.75': {BMI}; this looks like a height in m",
        "row 4, column segments: '4': must be 1, 2 or 3",
        "row 4, column fused_levels: 'L9-L10': must be one of T12-L1",
        "row 5, column studies: 'empty': the folder is empty",
        "row 5, column age: 'sixty' is no number",
        "row 5, column bmi [kg/m2]: '24;5' is no number",
        "row 5, column outcome: 'yes'",
        "row 6: 6 cells, but the header has 12",
    ]
    for one in expected:
        assert any(line.startswith(one) for line in found), (one, found)
    assert len(found) == len(expected)


def test_fused_levels_must_not_contradict_segments(sheet: Write) -> None:
    path = sheet("patient,studies,segments,fused_levels", "P1,a,1,L4-L5;L5-S1", "P2,b,2,L4-L5;L5-S1")
    (line,) = problems(path)
    assert line.startswith("row 2: fused_levels") and "must name 1 levels" in line


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("patient,studies,bmi [cm]", "row 1, column bmi [cm]: unknown unit 'cm'; bmi is given in kg/m2"),
        ("patient,studies,age (months)", "unknown unit 'months'; age is given in years"),
        ("patient,studies,sex [M]", "sex has no unit"),
        ("patient,studies,osteoporsis", "did you mean osteoporosis?"),
        ("patient,studies,colour", "unknown column; allowed are patient, studies"),
        ("patient,study", "did you mean studies?"),
        ("patient,studies,bmi,clinical.bmi", "a second column for bmi"),
        ("patient,studies,age,age", "the column is there more than once"),
        ("patient,studies,", "column 3 has no name"),
    ],
)
def test_columns(sheet: Write, header: str, said: str) -> None:
    cells = "," * (header.count(",") - 1)
    assert any(said in line for line in problems(sheet(header, f"P1,a{cells}")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"patient,studies\n", "a header and no patient"),
        (b"patient;studies;age\nP1;a;61\n", "separated by semicolons"),
        (b"patient\tstudies\nP1\ta\n", "separated by tabs"),
        (b"PK\x03\x04xxxx", "an Excel workbook"),
        ("patient,studies\nP1,a\n".encode("utf-16"), "encoded in UTF-16"),
        (b"patient,studies\nP1,a\nM\xfcller,b\n", "not UTF-8: byte 0xFC in line 3"),
        (b"patient,studies\nP\x001,a\n", "no text"),
        (b'patient,studies\n"P1,a\n', "no valid CSV"),
    ],
)
def test_what_is_no_sheet(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "cohort.csv"
    path.write_bytes(content)
    (line,) = problems(path)
    assert said in line


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.csv") == ["no such file"]
    assert "a folder" in problems(tmp_path)[0]


def test_decimal_commas_are_named(sheet: Write) -> None:
    (line,) = problems(sheet("patient,studies,bmi", 'P1,a,"24,5"'))
    assert line == "row 2, column bmi: '24,5' has a decimal comma; write 24.5"
    (line,) = problems(sheet("patient,studies,bmi", "P1,a,24,5"))
    assert "row 2: 4 cells, but the header has 3" in line and "decimals with a point" in line


def test_a_site_may_have_variables_of_its_own(sheet: Write) -> None:
    path = sheet("patient,studies,clinical.smoker,clinical.hba1c,clinical.age", "P1,a,never,6.1,60")
    (patient,) = read_cohort(path).patients
    assert patient.clinical == {"clinical.smoker": "never", "clinical.hba1c": 6.1, "age": 60.0}


def test_studies_by_uid(sheet: Write, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    (root / "1.2.3.4").mkdir(parents=True)
    (root / "1.2.3.4" / "x").write_bytes(b"\0")
    _write_dicom(root / "deep" / "y", "1.2.3.5")
    path = sheet("patient,studies", "P1,1.2.3.4;1.2.3.5", "P2,1.2.3.6")
    assert "give --studies ROOT" in problems(path)[0]
    assert problems(path, studies=root) == [
        f"row 3, column studies: 1.2.3.6: no file of this study below {root}"
    ]
    path = sheet("patient,studies", "P1,1.2.3.4;1.2.3.5")
    (patient,) = read_cohort(path, root).patients
    assert [file.name for file in patient.files] == ["x", "y"]
    assert "no such folder" in problems(path, studies=tmp_path / "nowhere")[0]


def _write_dicom(path: Path, uid: str) -> None:
    path.parent.mkdir()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.StudyInstanceUID = MRImageStorage, "1.2.9", uid
    dataset.save_as(path, enforce_file_format=True)
