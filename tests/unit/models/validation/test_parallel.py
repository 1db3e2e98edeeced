"""Fits go on after a kill, are the same with any number of processes, and say what they warned of."""

import json

import numpy as np
import pytest
from workers.fits import fit

from models.validation.folds import Split
from models.validation.parallel import run
from models.validation.results import Results, key_of


def _splits(n=4):
    rows = np.arange(6)
    return [Split(f"repeat 1 fold {i + 1}", 0, rows[rows % n != i], rows[rows % n == i]) for i in range(n)]


def _plain(split):
    return {"train": split.train.tolist()}


def _refuse(split):
    raise AssertionError(f"{split.name} was done again")


def test_the_number_of_processes_changes_nothing(tmp_path):
    one = run(fit, _splits(), Results(tmp_path / "a", "k"), jobs=1)
    two = run(fit, _splits(), Results(tmp_path / "b", "k"), jobs=2)
    assert one == two
    assert one[0]["warnings"] == ["UserWarning: said in a fit"]


def test_what_is_there_is_not_done_again(tmp_path):
    results = Results(tmp_path, "key")
    half = run(_plain, _splits()[:2], results)
    lines = []
    full = run(_plain, _splits(), results, progress=lines.append)
    assert full[:2] == half
    assert lines[0] == "fold: 2 of 4 are there from an earlier run"
    assert lines[1].startswith("fold 3 of 4: 0:00 passed") and len(lines) == 3
    assert run(_refuse, _splits(), results) == full


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": "0", "result": {"train": [9]}}'])
def test_a_damaged_result_is_made_anew(tmp_path, text):
    results = Results(tmp_path, "key")
    whole = run(_plain, _splits(), results)
    victim = sorted(tmp_path.rglob("*.json"))[1]
    victim.write_text(text, encoding="utf-8")
    assert run(_plain, _splits(), results) == whole
    assert json.loads(victim.read_text())["result"] == {**whole[1]}


def test_results_of_other_data_are_not_taken(tmp_path):
    run(_plain, _splits(), Results(tmp_path, key_of({"table": "a"})))
    with pytest.raises(AssertionError, match="done again"):
        run(_refuse, _splits(), Results(tmp_path, key_of({"table": "b"})))
    assert not list(tmp_path.rglob("*.part"))
