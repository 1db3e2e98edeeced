"""The table a backbone is fine-tuned with: who has which outcome, and who may be learned from."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FEWEST = 20  #: patients to learn from
HELD_OUT = 0.2  #: share of them that decides when to stop


class TableError(ValueError):
    """A table that cannot be used; one line per fault."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Patients of the training split by their use, with their outcome.

    Attributes
    ----------
    training, stopping : mapping of str to int
        Patient to 0 or 1. Those of `stopping` decide when to stop; they count as seen too.
    left : int
        Patients of other splits: never looked at.
    """

    training: Mapping[str, int]
    stopping: Mapping[str, int]
    left: int


def read_outcomes(path: Path, seed: int) -> Outcomes:
    """Read a table with the columns patient, outcome (0 or 1) and split ("train" or another).

    Parameters
    ----------
    path : Path
        CSV in UTF-8; other columns are not looked at.
    seed : int
        Fixes who decides when to stop, as many of each outcome in proportion.

    Raises
    ------
    TableError
        All faults, row by row.
    """
    rows = _read(path)
    if faults := list(_faults(rows)):
        raise TableError("\n".join(f"{path}: {fault}" for fault in faults))
    train = {row["patient"].strip(): int(row["outcome"]) for row in rows if row["split"].strip() == "train"}
    stopping = _hold_out(train, seed)
    return Outcomes(
        {patient: outcome for patient, outcome in train.items() if patient not in stopping},
        {patient: train[patient] for patient in train if patient in stopping},
        len(rows) - len(train),
    )


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, restval="")
            rows, columns = list(reader), reader.fieldnames or ()
    except UnicodeDecodeError:
        raise TableError(f"{path}: is not UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise TableError(f"{path}: is no CSV file: {error}") from None
    missing = [name for name in ("patient", "outcome", "split") if name not in columns]
    if missing:
        raise TableError(
            f"{path}: lacks the column {', '.join(missing)}; patient, outcome (0 or 1) and split (train or "
            "test) are needed, separated by commas"
        )
    return rows


def _faults(rows: list[dict[str, str]]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        patient = row["patient"].strip()
        if not patient:
            yield f"row {number}: patient is empty"
        elif patient in first:
            yield f"row {number}: patient {patient!r} stands in row {first[patient]} too"
        first.setdefault(patient, number)
        if row["split"].strip() == "train" and row["outcome"].strip() not in {"0", "1"}:
            yield f"row {number}: outcome {row['outcome']!r} is neither 0 nor 1"
    yield from _too_few([row["outcome"].strip() for row in rows if row["split"].strip() == "train"])


def _too_few(outcomes: list[str]) -> Iterator[str]:
    if len(outcomes) < FEWEST:
        yield f"{len(outcomes)} patients have the split train; at least {FEWEST} are needed"
    for value in "01":
        if outcomes.count(value) < 2 / HELD_OUT:
            yield (
                f"{outcomes.count(value)} patients of the split train have the outcome {value}; at least "
                f"{round(2 / HELD_OUT)} are needed"
            )


def _hold_out(train: Mapping[str, int], seed: int) -> set[str]:
    numbers = np.random.default_rng(seed)
    chosen: set[str] = set()
    for value in (0, 1):
        group = sorted(patient for patient, outcome in train.items() if outcome == value)
        chosen |= set(numbers.permutation(group)[: round(HELD_OUT * len(group))].tolist())
    return chosen
