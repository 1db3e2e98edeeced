"""What is wrong with a sheet: all of it at once, so that it is mended once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import InputError

COHORT_INVALID: Final = "COHORT_INVALID"
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes
    ----------
    text : str
        What is wrong and what is allowed.
    row : int or None
        As a spreadsheet counts: the header is row 1. None: the whole file.
    column : str or None
    """

    text: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = None if self.row is None else f"row {self.row}"
        column = None if self.column is None else f"column {self.column}"
        where = ", ".join(part for part in (row, column) if part)
        return f"{where}: {self.text}" if where else self.text


class CohortError(InputError):
    """A sheet of patients cannot be used; `problems` lists everything that was found.

    Parameters
    ----------
    path : Path
    problems : sequence of Problem
        At least one.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"and {len(self.problems) - _SHOWN} more")
        text = lines[0] if len(lines) == 1 else "\n  ".join([f"{len(self.problems)} problems", *lines])
        super().__init__(COHORT_INVALID, f"{path}: {text}")
