"""Figures of a comparison, by hand; on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session, sessionmaker

from node.db import Study
from node.registry.compare import compare
from node.registry.shadows import remember

Writers = sessionmaker[Session]


def evaluated(probability: float, category: str) -> dict[str, object]:
    return {"status": "evaluated", "probability": probability, "category": category, "reasons": []}


def without(status: str, code: str) -> dict[str, object]:
    return {"status": status, "probability": None, "category": None, "reasons": [{"code": code, "text": "t"}]}


def told(answer: object, active: dict[str, object], digest: str = "s") -> dict[str, object]:
    known = {**active, "version": "1.0", "digest": "a"} if active else {}
    return {"name": "pain", "version": "1.1", "digest": digest, "answer": answer, "active": known}


@pytest.fixture
def seen(writers: Writers, study_row: Callable[..., Study]) -> Writers:
    pairs = [
        told(evaluated(0.2, "low"), evaluated(0.1, "low")),
        told(evaluated(0.4, "moderate"), evaluated(0.2, "low")),
        told(evaluated(0.6, "high"), evaluated(0.6, "high")),
        told(evaluated(0.8, "high"), evaluated(0.5, "moderate")),
        told(without("not_evaluable", "SERIES_MISSING"), evaluated(0.5, "moderate")),
        told(evaluated(0.5, "moderate"), without("not_evaluable", "LEVEL_UNKNOWN")),
        told(without("failed", "SHADOW_FAILED"), without("not_evaluable", "SERIES_MISSING")),
    ]
    with writers.begin() as session:
        for number, pair in enumerate(pairs):
            remember(session, study_row(session, f"1.2.{number}"), [pair])
    return writers


def test_figures(seen: Writers) -> None:
    with seen() as session:
        (found,) = compare(session, "pain")
    assert (found.version, found.active_version, found.studies, found.both) == ("1.1", "1.0", 7, 4)
    assert found.agreement == 0.5
    assert found.mean_difference == pytest.approx(0.5 - 0.35)
    # deviations ∓.3, ∓.1, .1, .3 and -.25, -.15, .25, .15: sum of products .16 over √(.2 · .17)
    assert found.correlation == pytest.approx(0.16 / (0.2 * 0.17) ** 0.5)
    assert found.moved == {("low", "moderate"): 1, ("moderate", "high"): 1}
    assert (found.only_active, found.only_shadow, found.neither, found.failed) == (1, 1, 1, 1)
    assert found.reasons == {"SERIES_MISSING": 1, "SHADOW_FAILED": 1}


def test_a_study_counts_once_in_its_newest_revision(
    writers: Writers, study_row: Callable[..., Study]
) -> None:
    with writers.begin() as session:
        study = study_row(session)
        remember(session, study, [told(without("failed", "X"), evaluated(0.1, "low"))])
        remember(session, study, [told(evaluated(0.3, "moderate"), evaluated(0.1, "low"))])  # run again
        study.revision = 2
        remember(session, study, [told(evaluated(0.2, "low"), evaluated(0.1, "low"))])
    with writers() as session:
        (found,) = compare(session, "pain")
    assert (found.studies, found.both, found.agreement, found.failed) == (1, 1, 1.0, 0)
    assert found.correlation is None


def test_shadows_and_active_models_are_kept_apart(writers: Writers, study_row: Callable[..., Study]) -> None:
    with writers.begin() as session:
        study = study_row(session)
        both = evaluated(0.3, "moderate"), evaluated(0.1, "low")
        remember(session, study, [told(*both), told(*both, digest="t"), told(both[0], {}, digest="u")])
    with writers() as session:
        found = compare(session, "pain")
        assert compare(session, "asdeg") == ()
    assert [(one.studies, one.active_version) for one in found] == [(1, "1.0"), (1, "1.0"), (1, None)]
    assert found[2].agreement is None and found[2].only_shadow == 1
