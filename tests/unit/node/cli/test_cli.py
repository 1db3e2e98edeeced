"""The commands as a shell sees them: output, one clear line for an error, exit code."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from typer.main import get_command
from typer.testing import CliRunner

from node import engine as database
from node.cli import app
from node.cli.errors import ExitCode, one_line
from node.cli.version import PACKAGES
from node.db import Delivery, Job, Result, Study
from node.errors import ConfigurationError, StoreError
from node.settings import Settings, load
from pipelines.errors import InputError, ModelError

DESTINATION = """
[[destinations]]
name = "%s"
ae_title = "A"
host = "127.0.0.1"
port = 104
"""
GUIDE = Path(__file__).parents[4] / "docs" / "user-guide.md"


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def commands(command: object, name: str = "lumbar-node") -> list[str]:
    """Every command with its words: "lumbar-node train demo"."""
    below = getattr(command, "commands", None)
    if below is None:
        return [name]
    return [found for word, one in below.items() for found in commands(one, f"{name} {word}")]


@pytest.mark.parametrize("command", commands(get_command(app)))
def test_every_command_is_in_the_user_guide(command: str) -> None:
    assert f"`{command}" in GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", commands(get_command(app)))
def test_every_command_has_help(run: CliRunner, command: str) -> None:
    done = run.invoke(app, [*command.split()[1:], "--help"])
    assert done.exit_code == 0


def test_every_exit_code_is_in_the_user_guide() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| {code.value} |" in text for code in ExitCode)


def test_starting_is_light() -> None:
    code = "import node.cli, sys; sys.exit(bool({'torch', 'monai', 'pipelines'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version_names_what_results_depend_on(run: CliRunner) -> None:
    done = run.invoke(app, ["version"])
    assert all(name in done.stdout for name in PACKAGES)


def test_example_settings_are_the_defaults(run: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text(run.invoke(app, ["config", "example"]).stdout, encoding="utf-8")
    assert load(path) == Settings()


def test_example_settings_name_every_key(run: CliRunner) -> None:
    text = run.invoke(app, ["config", "example"]).stdout
    sections = [Settings, *(type(value) for _, value in Settings() if hasattr(value, "model_fields_set"))]
    keys = {key for section in sections for key in section.model_fields}
    assert [key for key in keys if key not in text] == []


def test_wrong_settings_name_the_key(run: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text("[receiver]\nport = 70000\n", encoding="utf-8")
    done = run.invoke(app, ["config", "check", str(path)])
    assert done.exit_code == ExitCode.USAGE
    assert "receiver.port" in done.stderr
    assert "70000" in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigurationError("key: wrong"), ExitCode.USAGE, "key: wrong"),
        (InputError("NO_SERIES", "nothing there"), ExitCode.NOT_USABLE, "NO_SERIES: nothing there"),
        (ModelError("MODEL", "damaged"), ExitCode.FAILED, "MODEL: damaged"),
        (StoreError("disk"), ExitCode.FAILED, "disk"),
        (FileNotFoundError(2, "No such file", "a.json"), ExitCode.FAILED, "a.json: No such file"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
    ],
)
def test_expected_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode, text: str
) -> None:
    import typer

    with pytest.raises(typer.Exit) as caught, one_line():
        raise error
    assert caught.value.exit_code == code
    assert capsys.readouterr().err == f"lumbar-node: {text}\n"


def test_bugs_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError), one_line():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("files", "code", "text"),
    [(None, ExitCode.USAGE, "no such folder"), ({}, ExitCode.NOT_USABLE, "empty")],
)
def test_analyse_without_files(
    run: CliRunner, tmp_path: Path, files: dict[str, str] | None, code: ExitCode, text: str
) -> None:
    folder = tmp_path / "in"
    if files is not None:
        folder.mkdir()
    done = run.invoke(app, ["analyse", str(folder), "--out", str(tmp_path / "out")])
    assert done.exit_code == code
    assert text in done.stderr


def test_analyse_says_why_nothing_can_be_analysed(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("not DICOM")
    done = run.invoke(app, ["analyse", str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    assert done.exit_code == ExitCode.NOT_USABLE
    assert "lumbar-node: " in done.stderr


def test_analyse_refuses_wrong_clinical_values(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("")
    (tmp_path / "clinical.json").write_text('{"age": "old"}')
    options = ["--out", str(tmp_path / "out"), "--clinical", str(tmp_path / "clinical.json")]
    done = run.invoke(app, ["analyse", str(tmp_path / "in"), *options])
    assert done.exit_code == ExitCode.NOT_USABLE
    assert "age" in done.stderr


def test_an_unknown_device_is_refused_before_anything_else(run: CliRunner, tmp_path: Path) -> None:
    for command in (["analyse", str(tmp_path), "--out", str(tmp_path)], ["train", "rows", str(tmp_path)]):
        done = run.invoke(app, [*command, "--device", "gpu"])
        assert done.exit_code == ExitCode.USAGE
        assert "'gpu' is no device; allowed: auto, cpu, cuda" in done.stderr


def test_serve_refuses_an_unknown_role(run: CliRunner) -> None:
    done = run.invoke(app, ["serve", "--role", "cook"])
    assert done.exit_code == ExitCode.USAGE
    assert "receiver" in done.stderr


def serve(run: CliRunner, folder: Path, *lines: str) -> str:
    """Start a node that cannot start, and return the one line that it leaves."""
    config = folder / "node.toml"
    config.write_text("\n".join((f'data_dir = "{folder}/data"', *lines)))
    done = run.invoke(app, ["serve", "-c", str(config), "--role", "receiver"])
    assert done.exit_code == ExitCode.USAGE, done.output
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("not a url", "not a url"),
        ("mysql://me:secret@host/db", "mysql://me:***@host/db"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/db", "postgresql+psycopg://me:***@127.0.0.1:1/db"),
        ("sqlite:////proc/none/node.db", "/proc/none"),
    ],
)
def test_serve_with_a_wrong_database_says_so_in_one_line(
    run: CliRunner, tmp_path: Path, url: str, shown: str
) -> None:
    line = serve(run, tmp_path, f'database_url = "{url}"')
    assert "database_url: " in line
    assert shown in line
    assert "secret" not in line


def test_serve_with_a_damaged_database_says_so_in_one_line(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "node.db").write_bytes(b"no database " * 1000)
    line = serve(run, tmp_path)
    assert "database_url: sqlite:" in line
    assert "file is not a database" in line
    assert "allowed: sqlite, postgresql+psycopg" in line


def test_serve_with_a_database_of_a_newer_node_says_so(run: CliRunner, tmp_path: Path) -> None:
    engine = database.create(Settings(data_dir=tmp_path / "data"))
    database.migrate(engine)
    with engine.begin() as connection:
        connection.execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "made by a newer lumbar-node" in serve(run, tmp_path)


def test_serve_names_the_data_dir_that_cannot_be_made(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert f"data_dir: the folder {tmp_path}/data cannot be made: File exists" in serve(run, tmp_path)


@pytest.mark.parametrize(
    ("state", "code", "text"),
    [("failed", ExitCode.OK, "will be analysed again"), ("receiving", ExitCode.FAILED, "'retried' in state")],
)
def test_retry(run: CliRunner, tmp_path: Path, state: str, code: ExitCode, text: str) -> None:
    config = tmp_path / "node.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n', encoding="utf-8")
    engine = database.create(load(config))
    database.migrate(engine)
    with database.sessions(engine).begin() as session:
        session.add(Study(study_instance_uid="1.2.3", state=state, patient_key=None))
    engine.dispose()
    done = run.invoke(app, ["retry", "1.2.3", "-c", str(config)])
    assert done.exit_code == code
    assert text in done.output
    assert run.invoke(app, ["retry", "9.9", "-c", str(config)]).exit_code == ExitCode.USAGE


def test_retry_of_one_destination(run: CliRunner, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n' + (2 * DESTINATION) % ("pacs", "web"), encoding="utf-8")
    engine = database.create(load(config))
    database.migrate(engine)
    with database.sessions(engine).begin() as session:
        session.add(Study(id=1, study_instance_uid="1.2.3", state="failed", patient_key=None))
        session.flush()
        what = {"kind": "seg", "sop_class_uid": "1.2", "sop_instance_uid": "1.2.4", "path": "x"}
        session.add(Result(id=1, study_id=1, revision=1, **what))
        session.flush()
        session.add(Delivery(result_id=1, destination="pacs", state="refused", error="no"))
    again = ["retry", "1.2.3", "-c", str(config), "--destination"]
    assert "known: pacs, web" in run.invoke(app, [*again, "fax"]).output
    assert "web lacks nothing" in run.invoke(app, [*again, "web"]).output
    done = run.invoke(app, [*again, "pacs"])
    assert (done.exit_code, done.output) == (ExitCode.OK, "1.2.3: 1 object(s) will be sent to pacs again\n")
    with database.sessions(engine)() as session:
        assert session.get_one(Delivery, 1).state == "pending"
        assert session.get_one(Study, 1).state == "delivering"
        assert session.get_one(Job, 1).target == "pacs"
    engine.dispose()


@pytest.mark.parametrize(
    ("state", "options", "code", "text"),
    [
        ("done", ["--dry-run"], ExitCode.OK, "1.2.3: would go"),
        ("done", [], ExitCode.OK, "1 studies gone"),
        ("done", ["--study", "1.2.3"], ExitCode.OK, "1 studies gone"),
        ("analysing", ["--study", "1.2.3"], ExitCode.FAILED, "1.2.3 may not go: it is under way"),
        ("done", ["--study", "9.9"], ExitCode.USAGE, "does not know study 9.9"),
    ],
)
def test_purge(
    run: CliRunner, tmp_path: Path, state: str, options: list[str], code: ExitCode, text: str
) -> None:
    config = tmp_path / "node.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n[retention]\ndays = 1\n', encoding="utf-8")
    engine = database.create(load(config))
    database.migrate(engine)
    old = datetime(2026, 1, 1, tzinfo=UTC)
    with database.sessions(engine).begin() as session:
        session.add(Study(study_instance_uid="1.2.3", state=state, last_instance_at=old))
    done = run.invoke(app, ["purge", "-c", str(config), *options])
    assert (done.exit_code, text in done.output) == (code, True), done.output
    with database.readers(engine)() as session:
        ended = session.scalars(select(Study)).one().state
    engine.dispose()
    assert ended == ("purged" if "gone" in text else state)


def test_doctor_fails_if_a_check_does(run: CliRunner, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    clinical = tmp_path / "none"
    config.write_text(
        f'data_dir = "{tmp_path}"\nreceiver = {{ port = 0, min_free_bytes = 0 }}\nweb = {{ port = 0 }}\n'
        f'cases = {{ clinical_dir = "{clinical}" }}\n'
    )
    done = run.invoke(app, ["doctor", "-c", str(config)])
    assert done.exit_code == ExitCode.FAILED
    assert "FAIL clinical data" in done.stdout
    assert "ok   data_dir" in done.stdout
