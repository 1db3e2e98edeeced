"""`lumbar-node analyse`: the folder that it writes into, and a case in which no series could be analysed."""

import json
from pathlib import Path

import pytest
import typer
from phantoms.results import SeriesRecipe, write_series
from typer.testing import CliRunner

from node.cli import app
from node.cli.errors import ExitCode
from node.cli.outfolder import clear, prove


def _old_run(folder: Path, *names: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results = [{"path": name, "kind": "seg"} for name in names]
    (folder / "summary.json").write_text(json.dumps({"results": results}), encoding="utf-8")
    for name in names:
        (folder / str(name)).write_text("old")


def test_a_case_without_an_analysed_series_ends_with_3_and_no_result_of_an_older_run(tmp_path: Path) -> None:
    write_series(SeriesRecipe(shape=(40, 20, 24)), tmp_path)  # long enough for a CT, but no spine is in it
    out = tmp_path / "out"
    _old_run(out, "seg_ct.dcm", "overlay_ct.dcm")
    (out / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["analyse", str(tmp_path), "--out", str(out)])
    assert done.exit_code == ExitCode.NOT_USABLE
    assert "nothing that can be analysed: NO_SPINE" in done.stderr
    assert {path.name for path in out.iterdir()} == {"risk.dcm", "summary.json", "notes.txt"}
    assert [one["path"] for one in json.loads((out / "summary.json").read_text())["results"]] == ["risk.dcm"]


def test_only_what_the_old_summary_names_is_removed(tmp_path: Path) -> None:
    outside, out = tmp_path / "kept.dcm", tmp_path / "out"
    outside.write_text("kept")
    _old_run(out, "risk.dcm", "../kept.dcm", 7)
    (out / "seg_of_mine.dcm").write_text("mine")
    clear(out)
    assert outside.exists()
    assert {path.name for path in out.iterdir()} == {"seg_of_mine.dcm", "7"}


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}", '{"results": [1, {"path": ".."}]}'])
def test_another_file_of_that_name_costs_no_other_file(content: str, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(content)
    (tmp_path / "risk.dcm").write_text("mine")
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["risk.dcm"]


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(typer.Exit) as caught:
            prove(wrong)
        assert caught.value.exit_code == ExitCode.USAGE
        assert capsys.readouterr().err.startswith(f"lumbar-node: --out {wrong}: cannot be written: ")
    prove(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
