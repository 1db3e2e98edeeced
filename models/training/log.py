"""The log of a training: rows of training.csv."""

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Report:
    """How far a training is; a row of the log."""

    step: int
    elapsed_s: float
    loss: float  #: mean since the last report
    learning_rate: float


def add_row(log: Path, report: Report) -> None:
    """Append a row; the first one makes the file, with its header."""
    new = not log.exists()
    with log.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        if new:
            writer.writerow(field.name for field in fields(Report))
        writer.writerow(astuple(report))


def cut_after(log: Path, step: int) -> None:
    """Remove the rows beyond `step`: those steps are taken again. No log is no error."""
    if not log.exists():
        return
    header, *rows = log.read_bytes().splitlines(keepends=True) or [b""]
    kept = [row for row in rows if int(row.partition(b",")[0]) <= step]
    if len(kept) < len(rows):
        part = log.with_suffix(".part")
        part.write_bytes(header + b"".join(kept))
        part.replace(log)
