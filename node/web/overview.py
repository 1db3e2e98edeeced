"""The status page's content, read in a fixed number of queries whatever the number of studies."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from node.db import Delivery, Instance, Job, Refusal, Result, Series, Study
from node.web.rows import Overview, RefusalRow, StudyRow, Tally


def overview(session: Session, limit: int = 100, state: str | None = None) -> Overview:
    """Return the newest studies, the sums, and the newest refusals.

    Parameters
    ----------
    session : Session
        Only read.
    limit : int
        At most so many studies.
    state : str or None
        Only studies in this state.
    """
    chosen = select(Study).order_by(Study.last_instance_at.desc(), Study.id.desc()).limit(limit)
    if state:
        chosen = chosen.where(Study.state == state)
    return Overview(
        studies=study_rows(session, session.scalars(chosen).all()),
        counts=dict(session.execute(select(Study.state, func.count()).group_by(Study.state)).all()),
        destinations=_per_destination(session),
        refusals=_refusals(session),
        refused=session.scalar(select(func.count(Refusal.id))) or 0,
    )


def study_rows(session: Session, studies: Sequence[Study]) -> tuple[StudyRow, ...]:
    """Return the lines of some studies."""
    ids = [study.id for study in studies]
    modalities, instances = _contents(session, ids)
    progress, results, deliveries = _progress(session, ids), _results(session, ids), _per_study(session, ids)
    return tuple(
        StudyRow(
            id=s.id,
            study_instance_uid=s.study_instance_uid,
            state=s.state,
            revision=s.revision,
            reason=s.reason,
            modalities=tuple(modalities[s.id]),
            instances=instances[s.id],
            received_at=s.received_at,
            last_instance_at=s.last_instance_at,
            stage=progress[s.id].get("stage"),
            fraction=progress[s.id].get("fraction"),
            results=results.get(s.id, 0),
            deliveries=deliveries[s.id],
        )
        for s in studies
    )


def _contents(session: Session, ids: Sequence[int]) -> tuple[dict[int, list[str]], dict[int, int]]:
    """Return modalities and number of instances per study."""
    counted = session.execute(
        select(Series.study_id, Series.modality, func.count(Instance.id))
        .outerjoin(Series.instances)
        .where(Series.study_id.in_(ids))
        .group_by(Series.study_id, Series.modality)
        .order_by(Series.modality)
    )
    modalities: dict[int, list[str]] = defaultdict(list)
    instances: dict[int, int] = defaultdict(int)
    for study, modality, count in counted:
        modalities[study].append(modality)
        instances[study] += count
    return modalities, instances


def _progress(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what the running analyses report."""
    running = session.execute(
        select(Job.study_id, Job.progress).where(
            Job.study_id.in_(ids), Job.kind == "analyse", Job.state == "running"
        )
    )
    return defaultdict(dict, running.all())


def _results(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return how many objects the newest revision that has any gave, per study."""
    counted = session.execute(
        select(Result.study_id, func.count())
        .where(Result.study_id.in_(ids))
        .group_by(Result.study_id, Result.revision)
        .order_by(Result.revision)
    )
    return dict(counted.all())


def _tallies(*key: Any) -> Select[Any]:
    return (
        select(*key, Delivery.destination, Delivery.state, func.count(), func.max(Delivery.error))
        .select_from(Delivery)
        .join(Result, Result.id == Delivery.result_id)
        .group_by(*key, Delivery.destination, Delivery.state)
        .order_by(Delivery.destination)
    )


def _per_study(session: Session, ids: Sequence[int]) -> dict[int, tuple[Tally, ...]]:
    lines: dict[int, list[Any]] = defaultdict(list)
    for study, *line in session.execute(_tallies(Result.study_id).where(Result.study_id.in_(ids))):
        lines[study].append(line)
    return defaultdict(tuple, {study: _sum_up(found) for study, found in lines.items()})


def _per_destination(session: Session) -> tuple[Tally, ...]:
    return _sum_up(session.execute(_tallies()).all())


def _sum_up(lines: Sequence[Any]) -> tuple[Tally, ...]:
    """Fold (destination, state, count, error) lines into one tally per destination."""
    states: dict[str, dict[str, int]] = defaultdict(dict)
    errors: dict[str, str] = {}
    for destination, state, count, error in lines:
        states[destination][state] = count
        if error:
            errors[destination] = error
    return tuple(Tally(name, **counts, error=errors.get(name)) for name, counts in states.items())


def _refusals(session: Session, limit: int = 20) -> tuple[RefusalRow, ...]:
    newest = session.scalars(select(Refusal).order_by(Refusal.id.desc()).limit(limit))
    return tuple(RefusalRow(r.at, r.calling_ae, r.status, r.reason, r.sop_instance_uid) for r in newest)
