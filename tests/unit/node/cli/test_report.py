"""`lumbar-node report` as a shell sees it."""

import pytest
from phantoms.training_output import Plan, write_training_output
from typer.testing import CliRunner

from node.cli import app
from node.cli.errors import ExitCode


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def test_it_writes_both_forms(run, tmp_path):
    plan = Plan(patients=60, external=0, repeats=1, blocks=("clinical",), readers=False)
    write_training_output(tmp_path / "out", plan)
    done = run.invoke(app, ["report", str(tmp_path / "out")])
    assert done.exit_code == ExitCode.OK, done.stderr
    assert all((tmp_path / "out" / name).is_file() for name in ("report.html", "report.pdf"))
    assert done.stdout.splitlines() == [
        str(tmp_path / "out" / name) for name in ("report.html", "report.pdf")
    ]


def test_a_folder_that_is_none_is_one_line(run, tmp_path):
    done = run.invoke(app, ["report", str(tmp_path)])
    assert done.exit_code == ExitCode.NOT_USABLE
    assert done.stderr.count("\n") == 1 and "metrics.json" in done.stderr and "--out folder" in done.stderr
