"""`lumbar-node demo` as a person runs it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pydicom import dcmread
from waiting import wait_until


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def alive(group: int) -> list[str]:
    """Names of the processes of a group that are no zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            name, _, rest = path.read_text().rpartition(")")
            state, _parent, process_group = rest.split()[:3]
            if int(process_group) == group and state != "Z":
                found.append(name)
    return found


@pytest.fixture(scope="module")
def shown(out: Path) -> str:
    """What the demonstration prints; its whole process group has ended afterwards."""
    temporary = out / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "COLUMNS": "140", "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "node.cli", "demo", "--out", str(out)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        text, errors = process.communicate(timeout=540)
    assert process.returncode == 0, errors
    wait_until(lambda: alive(process.pid) == [])
    assert list(temporary.glob("lumbar-node-*")) == []
    return text


def test_risk_and_measurements_are_printed(shown: str) -> None:
    for text in (
        "Adjacent segment degeneration",
        "Severe low back pain",
        "L4 vertebra",
        "L4-L5 disc",
        "Volume cm³",
    ):
        assert text in shown
    assert "RESEARCH USE ONLY" in shown


def test_archive_got_seg_and_sr_of_both_studies(shown: str, out: Path) -> None:
    found = [dcmread(path, stop_before_pixels=True) for path in (out / "results").glob("*.dcm")]
    assert {one.Modality for one in found} == {"SEG", "SR"}
    assert len({one.StudyInstanceUID for one in found}) == 2


def test_overlay_and_report_are_written(shown: str, out: Path) -> None:
    assert (out / "overlay.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "RESEARCH USE ONLY" in (out / "report.html").read_text(encoding="utf-8")
    assert all(str(out / name) in shown.replace("\n", "") for name in ("overlay.png", "report.pdf"))
