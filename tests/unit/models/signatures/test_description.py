import re
from pathlib import Path

import pytest

from models.signatures.description import BUILT_IN, built_in, plain, read_description
from models.signatures.errors import DescriptionError


def changed(tmp_path: Path, old: str, new: str, name: str = "asdeg") -> Path:
    text = (BUILT_IN / f"{name}.toml").read_text()
    assert old in text
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_the_built_in_ones_say_what_the_papers_say() -> None:
    asdeg, pain = built_in("asdeg"), built_in("pain")
    assert asdeg.required_clinical == ("osteoporosis", "diagnosis", "segments")
    assert len(set(asdeg.recipe.classifiers) - {"logistic_shrunken"}) == 14  # the paper's, and ours
    assert set(asdeg.outcome.modes) == {"paper", "incident"}
    assert pain.optional_clinical == ("bmi",)
    assert set(pain.recipe.classifiers) == {"logistic_regression", "bagged_trees", "random_forest"}
    assert pain.variants[0].measurements == ("mr_axial_t2.multifidus.measurement.fat_fraction",)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "alpha = 0.05",
            "alhpa = 0.05",
            "alhpa",
            r"alhpa = 0\.05: unknown key; did you mean alpha\?",
        ),
        ("alpha = 0.05", 'alpha = "low"', "alpha", r"recipe\.alpha = 'low': input should be a valid number"),
        ("alpha = 0.05", "alpha = 5", "alpha", r"recipe\.alpha = 5: input should be less than or equal to 1"),
        ("range = [1, 3]", "range = [3, 1]", "[clinical.segments]", r"range = \[3, 1\]: the first must be"),
        (
            'unit = "segments to be fused"\n',
            "",
            "[clinical.segments]",
            r"segments\.unit: is missing",
        ),
        ('"svm_poly"', '"svm_polly"', "classifiers", r"recipe\.classifiers\.4 = 'svm_polly'"),
        ('type = "truth"', 'type = "bool"', "[clinical.osteoporosis]", r"clinical\.osteoporosis: .*'bool'"),
        (
            'mode = "paper"',
            'mode = "papier"',
            "[outcome]",
            r"mode = 'papier': must be one of paper",
        ),
        (
            '"ct.vertebra.radiomics"',
            '"ct.vertebra.radio"',
            "[[variants]]",
            r"block 'ct\.vertebra\.radio'",
        ),
        ("high = 0.6", "high = 0.2", "[thresholds]", r"moderate = 0\.3 must be below high = 0\.2"),
        ('reference = "other"', 'reference = "none"', "[clinical.diagnosis]", r"reference = 'none': must be"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: str, said: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(DescriptionError, match=said) as caught:
        read_description(path)
    found = re.search(r"own\.toml, line (\d+): ", str(caught.value))
    assert found
    assert line in path.read_text().splitlines()[int(found[1]) - 1]


def test_what_is_no_toml_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"not TOML: .*line 74"):
        read_description(changed(tmp_path, "alpha = 0.05", "alpha = 0.05 percent"))
    with pytest.raises(DescriptionError, match=r"none\.toml: cannot be read: No such file"):
        read_description(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DescriptionError, match="is not UTF-8 text"):
        read_description(tmp_path / "binary.toml")
    with pytest.raises(DescriptionError, match=r"'asdge'; did you mean asdeg\? There are asdeg, pain"):
        built_in("asdge")


def test_pain_is_not_trained_without_a_cutoff(tmp_path: Path) -> None:
    pain = built_in("pain")
    with pytest.raises(DescriptionError, match=r"cut-off is not set.*--vas-cutoff"):
        pain.for_training()
    with pytest.raises(DescriptionError, match=r"cut-off 70 must lie above 0 and be at most 10 \(cm"):
        pain.with_cutoff(70)
    assert pain.with_cutoff(7).for_training().outcome.cutoff.value == 7.0  # type: ignore[union-attr]
    with pytest.raises(DescriptionError, match="its outcome is no scale"):
        built_in("asdeg").with_cutoff(7)
    path = changed(tmp_path, "range = [0, 10]", "range = [0, 10]\nvalue = 11", "pain")
    with pytest.raises(DescriptionError, match=r"outcome\.cutoff: value = 11: must lie above 0"):
        read_description(path)


def test_clinical_values_become_columns() -> None:
    row = built_in("asdeg").encode({"osteoporosis": True, "diagnosis": "spinal_stenosis", "segments": None})
    assert row == {
        "clinical.osteoporosis": 1.0,
        "clinical.diagnosis=disc_herniation": 0.0,
        "clinical.diagnosis=spinal_stenosis": 1.0,
        "clinical.diagnosis=spondylolisthesis": 0.0,
    }


def test_a_plain_table_has_no_blocks() -> None:
    assert plain(outcome="Target").variants[0].blocks == ()
