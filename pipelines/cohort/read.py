"""A cohort's sheet: who, which studies, what is known, and the outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.cohort.problems import CohortError, Problem
from pipelines.cohort.sheet import SheetRow, read_sheet
from pipelines.cohort.studies import Archive, files_of, is_uid
from pipelines.cohort.variables import PATIENT, clinical_of, meanings_of, named_once

STUDIES, OUTCOME, SITE, SPLIT = "studies", "outcome", "site", "split"
COLUMNS: Final = (PATIENT, STUDIES, OUTCOME, SITE, SPLIT)
IN_SAMPLE: Final = "in_sample"  #: seen by the deep features' network: no evaluation may stand on it
SPLITS: Final = ("train", "test", "external", IN_SAMPLE)


@dataclass(frozen=True, slots=True)
class Patient:
    """One row of a cohort.

    Attributes
    ----------
    patient : str
        The row's name.
    files : tuple of Path
        Every file of the patient's studies.
    clinical : mapping
        What the sheet says; keys as in `pipelines.clinical`, and `clinical.<name>` for a site's own.
    outcome : int or None
        0 or 1; None where it is not known.
    site, split : str or None
    """

    patient: str
    files: tuple[Path, ...]
    clinical: Mapping[str, Any]
    outcome: int | None
    site: str | None
    split: str | None

    @property
    def fused_levels(self) -> tuple[str, ...]:
        """Levels that are fused or to be fused; empty where they are not known."""
        return tuple(self.clinical.get("fused_levels", ()))


@dataclass(frozen=True, slots=True)
class Cohort:
    """A checked sheet.

    Attributes
    ----------
    path : Path
    patients : tuple of Patient
    columns : tuple of str
        What the sheet has columns for, by their meaning.
    """

    path: Path
    patients: tuple[Patient, ...]
    columns: tuple[str, ...]


def read_cohort(
    path: Path, studies: Path | None = None, report: Callable[[str], None] = lambda line: None
) -> Cohort:
    """Read and check a cohort's CSV file before anything is computed.

    Parameters
    ----------
    path : Path
        Columns `patient`, `studies` (folders relative to the file, or StudyInstanceUIDs; several separated by
        ";") and, each optional, `outcome` (0, 1, empty), `site`, `split` (train, test, external) and the
        clinical variables of `pipelines.clinical`; `fused_levels` are separated by ";".
    studies : Path, optional
        Folder below which StudyInstanceUIDs are looked up.
    report : callable
        Told what takes long.

    Raises
    ------
    CohortError
        With everything that is wrong, by row and column.
    """
    sheet = read_sheet(path)
    meanings, problems = meanings_of(sheet, COLUMNS, required=(PATIENT, STUDIES))
    if studies is not None and not studies.is_dir():
        problems.append(Problem(f"--studies {studies}: no such folder"))
    reader = _Reader(path.parent, Archive(studies, report), meanings)
    patients = [reader.read(row) for row in sheet.rows]
    problems += reader.problems
    if problems:
        raise CohortError(path, sorted(problems, key=lambda problem: problem.row or 0))
    return Cohort(path, tuple(patients), tuple(meanings.values()))


class _Reader:
    """Row after row, remembering whose studies have been seen."""

    def __init__(self, folder: Path, archive: Archive, meanings: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._folder = folder
        self._archive = archive
        self._meanings = meanings
        self._patients: dict[tuple[str, str], int] = {}
        self._studies: dict[str, int] = {}

    def read(self, row: SheetRow) -> Patient:
        cells = {meaning: row.cells[column] for column, meaning in self._meanings.items()}
        clinical, wrong = clinical_of(row, self._meanings)
        name = cells.get(PATIENT, "")
        self.problems += wrong + named_once(row.number, (name, ""), self._patients)
        return Patient(
            patient=name,
            files=self._files(row.number, cells[STUDIES]) if STUDIES in cells else (),
            clinical=clinical,
            outcome=self._outcome(row.number, cells.get(OUTCOME, "")),
            site=cells.get(SITE) or None,
            split=self._split(row.number, cells.get(SPLIT, "")),
        )

    def _files(self, row: int, text: str) -> tuple[Path, ...]:
        names = [name.strip() for name in text.split(";") if name.strip()]
        if not names:
            self._wrong(row, STUDIES, "empty; name a folder or a StudyInstanceUID")
        return tuple(dict.fromkeys(path for name in names for path in self._study(row, name)))

    def _study(self, row: int, name: str) -> tuple[Path, ...]:
        folder = self._folder / name
        if folder.is_dir():
            return self._claimed(row, name, str(folder.resolve()), files_of(folder))
        if not is_uid(name):
            what = "is a file; name its folder" if folder.exists() else f"no such folder ({folder})"
            self._wrong(row, STUDIES, f"{name!r}: {what}")
            return ()
        files = self._archive.files(name)
        if not files:
            root = self._archive.root
            where = f"no file of this study below {root}" if root else "give --studies ROOT to look UIDs up"
            self._wrong(row, STUDIES, f"{name}: {where}")
            return ()
        return self._claimed(row, name, name, files)

    def _claimed(self, row: int, name: str, key: str, files: tuple[Path, ...]) -> tuple[Path, ...]:
        """Refuse an empty study, and one that two patients share."""
        first = self._studies.setdefault(key, row)
        if not files:
            self._wrong(row, STUDIES, f"{name!r}: the folder is empty")
        elif first != row:
            self._wrong(row, STUDIES, f"{name!r} is the study of row {first} already")
        return files

    def _outcome(self, row: int, text: str) -> int | None:
        if text in ("", "0", "1", "0.0", "1.0"):
            return int(float(text)) if text else None
        self._wrong(row, OUTCOME, f"{text!r}: must be 0 or 1, or empty where it is not known")
        return None

    def _split(self, row: int, text: str) -> str | None:
        if text and text not in SPLITS:
            self._wrong(row, SPLIT, f"{text!r}: must be {', '.join(SPLITS)} or empty")
        return text or None

    def _wrong(self, row: int, column: str, text: str) -> None:
        self.problems.append(Problem(text, row, column))
