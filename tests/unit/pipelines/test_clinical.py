import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from pipelines.clinical import ClinicalVariables, complete, from_headers, read_clinical, validate
from pipelines.errors import InputError

COMPLETE = {
    "sex": "F",
    "age": 61,
    "bmi": 27.4,
    "segments": 2,
    "osteoporosis": True,
    "diagnosis": "spondylolisthesis",
    "fused_levels": ["L3-L4", "L4-L5"],
    "vas": 7,
}


def _header(**values: Any) -> Dataset:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def test_complete_variables_are_kept() -> None:
    known = validate(COMPLETE)
    assert known == ClinicalVariables("F", 61.0, 27.4, 2, True, "spondylolisthesis", ("L3-L4", "L4-L5"), 7.0)
    assert validate({**COMPLETE, "age": None}).known().keys() == COMPLETE.keys() - {"age"}


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("sex", "X", "M, F"),
        ("sex", ["M"], "M, F"),
        ("age", 17, "18 to 110"),
        ("age", "61", "18 to 110"),
        ("age", True, "18 to 110"),
        ("age", float("nan"), "18 to 110"),
        ("bmi", 9.9, "10 to 80"),
        ("segments", 4, "1, 2 or 3"),
        ("segments", True, "1, 2 or 3"),
        ("osteoporosis", 1, "true or false"),
        ("osteoporosis", "no", "true or false"),
        ("diagnosis", "tumour", "disc_herniation, spinal_stenosis, spondylolisthesis, other"),
        ("fused_levels", "L4-L5", "list of different levels"),
        ("fused_levels", [], "list of different levels"),
        ("fused_levels", ["L4-L5", "L4-L5"], "list of different levels"),
        ("fused_levels", ["L4/5"], "L4-L5"),
        ("vas", 11, "0 to 10"),
        ("weight", 80, "unknown key; allowed are sex, age"),
    ],
)
def test_an_error_names_key_value_and_what_is_allowed(key: str, value: Any, allowed: str) -> None:
    with pytest.raises(InputError) as caught:
        validate({key: value})
    assert caught.value.code == "CLINICAL_INVALID"
    assert all(part in str(caught.value) for part in (f"{key} = ", allowed))


def test_fused_levels_and_segments_must_agree() -> None:
    with pytest.raises(InputError, match="must name 1 levels, as segments says"):
        validate({"segments": 1, "fused_levels": ["L3-L4", "L4-L5"]})


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "clinical.json"
    path.write_text(json.dumps(COMPLETE))
    assert read_clinical(path) == COMPLETE


@pytest.mark.parametrize("text", ["{", "[1]", '{"age": 12}'])
def test_an_unusable_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clinical.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"clinical\.json") as caught:
        read_clinical(path)
    assert caught.value.code == "CLINICAL_INVALID"
    with pytest.raises(InputError, match=r"absent\.json"):
        read_clinical(tmp_path / "absent.json")


def test_headers_give_sex_age_and_body_mass_index() -> None:
    first = _header(PatientSex="F", PatientAge="061Y")
    second = _header(PatientSex="M", PatientSize="1.70", PatientWeight="80")
    assert from_headers([first, second]) == {"sex": "F", "age": 61.0, "bmi": 27.7}


@pytest.mark.parametrize(
    ("header", "age"),
    [
        ({"PatientBirthDate": "19600630", "StudyDate": "20250629"}, 64.0),
        ({"PatientBirthDate": "19600630", "StudyDate": "20250630"}, 65.0),
        ({"PatientAge": "600M"}, 50.0),
        ({"PatientAge": "012Y"}, None),
        ({"PatientAge": "000Y", "PatientBirthDate": ""}, None),
        ({"PatientBirthDate": "19600630"}, None),
    ],
)
def test_age_comes_from_the_header_or_the_dates(header: dict[str, str], age: float | None) -> None:
    assert from_headers([_header(**header)]).get("age") == age


def test_a_wrong_header_value_is_left_out() -> None:
    habit = _header(PatientSex="O", PatientSize="0", PatientWeight="80")
    centimetres = _header(PatientSize="170", PatientWeight="80")
    assert from_headers([habit, centimetres]) == {}


def test_explicit_values_win_over_headers() -> None:
    header = _header(PatientSex="M", PatientAge="050Y")
    assert complete({"age": 51, "sex": None}, [header]) == {"sex": "M", "age": 51}
    assert complete(None, []) == {}
    with pytest.raises(InputError):
        complete({"age": 3}, [header])
