"""What shadow models have answered for a study, one row per study, revision and model."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from node.db import Shadow, Study
from node.statements import execute, insert


def remember(session: Session, study: Study, answers: Iterable[Mapping[str, Any]]) -> None:
    """Keep the answers of a job; those of an earlier run of the same revision give way.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    study : Study
    answers : iterable of mapping
        As `pipelines.prediction.shadow.plain` gives them.
    """
    for one in answers:
        told = {"version": one["version"], "answer": dict(one["answer"]), "active": dict(one["active"])}
        key = {"study_id": study.id, "revision": study.revision, "name": one["name"], "digest": one["digest"]}
        row = insert(session, Shadow).values(**key, **told)
        execute(session, row.on_conflict_do_update(index_elements=list(key), set_=told))
