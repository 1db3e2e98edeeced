"""A sheet of clinical variables alone: one row per patient of the node."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.clinical import validate
from pipelines.cohort.cells import PREFIX, UNITS, clinical_value, column_meaning
from pipelines.cohort.problems import CohortError, Problem
from pipelines.cohort.sheet import Sheet, SheetRow, read_sheet
from pipelines.errors import InputError

PATIENT: Final = "patient"
ISSUER: Final = "issuer"
LONGEST_ID: Final = 64  # LO (PS3.5 6.2)


@dataclass(frozen=True, slots=True)
class PatientVariables:
    """One patient's clinical variables.

    Attributes
    ----------
    patient : str
        PatientID.
    issuer : str
        IssuerOfPatientID; mostly empty.
    values : mapping
        As `pipelines.clinical.validate` allows them; only what is known.
    """

    patient: str
    issuer: str
    values: Mapping[str, Any]


def read_variables(path: Path) -> tuple[PatientVariables, ...]:
    """Read and check a CSV file with the column `patient` and clinical variables.

    Raises
    ------
    CohortError
        With everything that is wrong, by row and column.
    """
    sheet = read_sheet(path)
    meanings, problems = meanings_of(sheet, (PATIENT, ISSUER), required=(PATIENT,))
    problems += [
        Problem("not a variable that the node's predictors read", 1, column)
        for column, meaning in meanings.items()
        if meaning.startswith(PREFIX)
    ]
    if not set(meanings.values()) - {PATIENT, ISSUER}:
        problems.append(Problem("there is no clinical variable, only patients", 1))
    found: list[PatientVariables] = []
    seen: dict[tuple[str, str], int] = {}
    for row in sheet.rows:
        cells = {meaning: row.cells[column] for column, meaning in meanings.items()}
        values, wrong = clinical_of(row, meanings)
        key = (cells.get(PATIENT, ""), cells.get(ISSUER, ""))
        problems += wrong + named_once(row.number, key, seen)
        found.append(PatientVariables(*key, values))
    if problems:
        raise CohortError(path, sorted(problems, key=lambda p: p.row or 0))
    return tuple(found)


def meanings_of(
    sheet: Sheet, others: tuple[str, ...], required: tuple[str, ...]
) -> tuple[dict[str, str], list[Problem]]:
    """Tell what each column means; unknown, repeated and missing ones are problems."""
    meanings: dict[str, str] = {}
    problems = list(sheet.problems)
    for column in sheet.columns:
        try:
            meaning = column_meaning(column, others)
        except ValueError as error:
            problems.append(Problem(str(error), 1, column))
            continue
        if meaning in meanings.values():
            problems.append(Problem(f"a second column for {meaning}", 1, column))
        meanings[column] = meaning
    missing = [name for name in required if name not in meanings.values()]
    problems += [Problem("the column is missing", 1, name) for name in missing]
    return meanings, problems


def clinical_of(row: SheetRow, meanings: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Read a row's clinical variables; what is empty is left out."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for column, meaning in meanings.items():
        try:
            value = clinical_value(meaning, row.cells[column]) if _is_clinical(meaning) else None
        except ValueError as error:
            problems.append(Problem(str(error), row.number, column))
            continue
        if value is not None:
            values[meaning] = value
    if not problems:
        problems = _contradictions(row, values)
    return values, problems


def named_once(row: int, key: tuple[str, str], seen: dict[tuple[str, str], int]) -> list[Problem]:
    """Check a patient's ID, and that no earlier row has it."""
    if not key[0]:
        return [Problem("empty; every row names its patient", row, PATIENT)]
    if len(key[0]) > LONGEST_ID:
        return [Problem(f"longer than the {LONGEST_ID} characters of a Patient ID", row, PATIENT)]
    first = seen.setdefault(key, row)
    if first != row:
        return [Problem(f"{key[0]!r} is in row {first} already; one row per patient", row, PATIENT)]
    return []


def _is_clinical(meaning: str) -> bool:
    return meaning in UNITS or meaning.startswith(PREFIX)


def _contradictions(row: SheetRow, values: Mapping[str, Any]) -> list[Problem]:
    known = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    try:
        validate(known)
    except InputError as error:
        return [Problem(str(error).removeprefix("clinical variable "), row.number)]
    return []
