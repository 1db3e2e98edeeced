"""What is no training output, or a damaged one, is refused with the file's name and what to do."""

import json

import pytest

from pipelines.errors import InputError
from pipelines.report_training.study import read_study


def _refused(directory):
    with pytest.raises(InputError) as error:
        read_study(directory)
    assert error.value.code == "REPORT_INPUT"
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_that_is_none(tmp_path):
    assert "there is no metrics.json in it; name the --out folder" in _refused(tmp_path)
    assert "there is no such folder" in _refused(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[1]", "{'n': 1}"])
def test_damaged_metrics(output, text):
    (output / "metrics.json").write_text(text)
    assert str(output / "metrics.json") in _refused(output)


@pytest.mark.parametrize("key", ["title", "models", "n"])
def test_metrics_that_lack_something(output, key):
    path = output / "metrics.json"
    metrics = json.loads(path.read_text())
    del metrics[key]
    path.write_text(json.dumps(metrics))
    assert f"lacks {key}" in _refused(output)


def test_metrics_of_another_version(output):
    path = output / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    assert "schema 2, this version reads 1" in _refused(output)


def test_a_damaged_table_of_predictions(output):
    path = output / "study" / "predictions.csv"
    good = path.read_text()
    path.write_text(good.replace("probability", "score", 1))
    assert "lacks the columns probability" in _refused(output)
    lines = good.splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + ",1.7"
    path.write_text("\n".join(lines))
    assert "line 4, probability" in _refused(output)
    path.write_text("")
    assert str(path) in _refused(output)


def test_scores_come_one_per_repeat(output):
    study = read_study(output)
    repeats = study.scores("combined", "nested")
    assert [len(one.outcome) for one in repeats] == [100, 100]
    assert study.scores("combined", "nowhere") == ()
    assert study.models == ("radiomics", "deep", "clinical", "combined")
