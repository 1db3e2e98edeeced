"""Which of a patient's studies make one case, by the node's rule (`node.cases`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pydicom.valuerep import DA

from pipelines.types import SourceSeries

MODALITIES: Final = frozenset({"CT", "MR"})


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """A study: its UID, its day if it is known, its modalities and its files."""

    uid: str
    day: date | None
    modalities: frozenset[str]
    paths: tuple[Path, ...]


def studies_of(series: Sequence[SourceSeries]) -> tuple[StudyFiles, ...]:
    """Group series by study, in the order in which they come."""
    groups: dict[str, list[SourceSeries]] = {}
    for one in series:
        groups.setdefault(one.study_uid, []).append(one)
    return tuple(
        StudyFiles(
            uid,
            _day(members[0]),
            frozenset(one.modality for one in members),
            tuple(path for one in members for path in one.paths),
        )
        for uid, members in groups.items()
    )


def pair(studies: Sequence[StudyFiles], pairing_days: int) -> tuple[StudyFiles, ...]:
    """Choose the studies of a case.

    Parameters
    ----------
    studies : sequence of StudyFiles
        All of one patient.
    pairing_days : int
        No two dated studies of a case are further apart.

    Returns
    -------
    tuple of StudyFiles
        The newest study with CT or MR, and for each of the two that it lacks the nearest other one in time. A
        study without a date is taken only for what no dated one brings: the sheet says that it belongs here.
    """
    useful = [study for study in studies if study.modalities & MODALITIES]
    if not useful:
        return tuple(studies)
    newest = max(useful, key=lambda study: (study.day or date.min, study.uid))
    chosen, lacking = [newest], MODALITIES - newest.modalities
    others = sorted((s for s in useful if s is not newest), key=lambda study: _distance(study, newest))
    for study in others:
        near = all(_distance(study, one) <= pairing_days for one in chosen if study.day and one.day)
        if study.modalities & lacking and near:
            chosen.append(study)
            lacking -= study.modalities
    return tuple(chosen)


def _distance(one: StudyFiles, other: StudyFiles) -> float:
    """Days between two studies; without a date, further than any."""
    return abs((one.day - other.day).days) if one.day and other.day else float("inf")


def _day(series: SourceSeries) -> date | None:
    try:
        found = DA(str(series.headers[0].get("StudyDate") or ""))
    except ValueError:
        return None
    return date(found.year, found.month, found.day) if isinstance(found, date) else None
