from datetime import date
from pathlib import Path

import pytest

from pipelines.cohort.pairing import StudyFiles, pair


def study(uid: str, day: str | None, *modalities: str) -> StudyFiles:
    return StudyFiles(uid, date.fromisoformat(day) if day else None, frozenset(modalities), (Path(uid),))


CT = study("ct", "2026-01-10", "CT")


@pytest.mark.parametrize(
    ("studies", "chosen"),
    [
        ([CT, study("mr", "2026-02-01", "MR")], ["mr", "ct"]),
        ([CT], ["ct"]),
        ([CT, study("old", "2024-01-01", "MR")], ["ct"]),
        ([study("mr", "2026-02-01", "MR"), study("far", "2025-12-01", "CT"), CT], ["mr", "ct"]),
        ([CT, study("later", "2026-03-01", "CT")], ["later"]),
        ([study("a", None, "CT"), study("b", None, "MR")], ["b", "a"]),
        ([CT, study("undated", None, "MR")], ["ct", "undated"]),
        ([study("both", "2026-02-01", "CT", "MR"), CT], ["both"]),
        ([study("sr", "2026-05-01", "SR"), CT], ["ct"]),
        ([study("sr", "2026-05-01", "SR")], ["sr"]),
    ],
)
def test_a_case_is_made_as_the_node_makes_it(studies: list[StudyFiles], chosen: list[str]) -> None:
    assert [one.uid for one in pair(studies, 180)] == chosen
