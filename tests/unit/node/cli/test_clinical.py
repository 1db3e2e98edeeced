from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from node import engine as database
from node.cli.main import app
from node.clinical.kept import known
from node.db import Clinical
from node.header import patient_key
from node.settings import parse


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(f'data_dir = "{tmp_path / "data"}"\n', encoding="utf-8")
    return path


def run(config: Path, *lines: str) -> tuple[int, str]:
    sheet = config.with_name("variables.csv")
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["clinical", "import", str(sheet), "-c", str(config)])
    return result.exit_code, result.output


def test_rows_are_stored_and_joined_with_what_is_there(config: Path, tmp_path: Path) -> None:
    assert run(config, "patient,age,osteoporosis", "P1,61,yes", "P2,50,") == (
        0,
        f"{tmp_path / 'variables.csv'}: 2 patients stored; 0 cases will be predicted again\n",
    )
    code, _ = run(config, "patient,age,bmi [kg/m2]", "P1,,24.5")
    assert code == 0
    engine = database.create(parse({"data_dir": tmp_path / "data"}, "test"))
    with database.readers(engine)() as session:
        assert known(session, patient_key("P1")) == {"age": 61.0, "osteoporosis": True, "bmi": 24.5}
    engine.dispose()


def test_nothing_is_stored_if_a_row_is_wrong(config: Path, tmp_path: Path) -> None:
    code, output = run(config, "patient,age", "P1,61", "P2,6100")
    assert code == 3
    assert "row 3, column age: '6100': must be a number from 18 to 110 (years)" in output
    assert not (tmp_path / "data" / "node.db").exists()


def test_a_row_that_contradicts_what_is_stored_stores_nothing(config: Path, tmp_path: Path) -> None:
    run(config, "patient,segments", "P1,1")
    code, output = run(config, "patient,age,fused_levels", "P2,50,L4-L5", "P1,60,L4-L5;L5-S1")
    assert code == 3 and "P1: with what is stored already" in output and "must name 1 levels" in output
    engine = database.create(parse({"data_dir": tmp_path / "data"}, "test"))
    with database.readers(engine)() as session:
        assert len(session.scalars(select(Clinical)).all()) == 1
    engine.dispose()
