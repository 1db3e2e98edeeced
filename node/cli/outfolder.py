"""Where `lumbar-node analyse` writes: proved before anything is computed, free of older results."""

import json
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from node.cli.errors import ExitCode, fail

SUMMARY, OVERLAY = "summary.json", "overlay.png"


def prove(folder: Path) -> None:
    """Make the folder if need be, and show that a file can be written there.

    Raises
    ------
    typer.Exit
        USAGE, after a line that names --out, if it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = f"--out {folder}: cannot be written: {error.strerror or error}; name another folder"
        raise fail(text, ExitCode.USAGE) from None


def clear(folder: Path) -> None:
    """Remove an earlier run's summary, its overlay and the result files that it names; nothing else.

    Else a reader of the folder would take an earlier patient's objects for results of this run.
    """
    summary = folder / SUMMARY
    if not summary.exists():
        return
    for path in [*_named(summary), folder / OVERLAY, summary]:
        path.unlink(missing_ok=True)


def _named(summary: Path) -> list[Path]:
    """List the files beside a summary that it names as results; none, if it is no summary of ours."""
    try:
        content = json.loads(summary.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    results = content.get("results") if isinstance(content, dict) else None
    paths = (summary.parent / name for one in results or () if (name := _name(one)))
    return [path for path in paths if path.is_file()]


def _name(result: Any) -> str | None:
    """Take a result's file name; one that leads out of the folder was not written by this program."""
    name = result.get("path") if isinstance(result, dict) else None
    return name if isinstance(name, str) and Path(name).name == name else None
