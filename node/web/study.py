"""The content of one study's page: its series, results, deliveries, jobs and history."""

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from node.db import Delivery, Event, Instance, Job, Result, Series, Shadow, Study
from node.web.overview import study_rows
from node.web.rows import DeliveryRow, EventRow, JobRow, ResultRow, SeriesRow, ShadowRow, StudyDetail


def detail(session: Session, study_instance_uid: str) -> StudyDetail | None:
    """Return everything about one study; None if the node does not know it."""
    study = session.scalar(select(Study).where(Study.study_instance_uid == study_instance_uid))
    if study is None:
        return None
    jobs = session.scalars(select(Job).where(Job.study_id == study.id).order_by(Job.id))
    events = session.scalars(select(Event).where(Event.study_id == study.id).order_by(Event.id))
    return StudyDetail(
        study=study_rows(session, [study])[0],
        series=_series(session, study.id),
        results=_results(session, study.id),
        shadows=_shadows(session, study.id),
        jobs=tuple(JobRow(j.kind, j.target, j.revision, j.state, j.attempts, j.error) for j in jobs),
        events=tuple(EventRow(e.at, e.revision, e.name, e.detail) for e in events),
    )


def _series(session: Session, study_id: int) -> tuple[SeriesRow, ...]:
    rows = session.execute(
        select(
            Series.series_instance_uid,
            Series.modality,
            func.count(Instance.id),
            func.coalesce(func.sum(Instance.size), 0),
        )
        .outerjoin(Series.instances)
        .where(Series.study_id == study_id)
        .group_by(Series.id)
        .order_by(Series.id)
    )
    return tuple(SeriesRow(*row) for row in rows)


def _results(session: Session, study_id: int) -> tuple[ResultRow, ...]:
    found = session.scalars(select(Result).where(Result.study_id == study_id).order_by(Result.id)).all()
    deliveries: dict[int, list[DeliveryRow]] = defaultdict(list)
    for d in session.scalars(select(Delivery).where(Delivery.result_id.in_([r.id for r in found]))):
        deliveries[d.result_id].append(DeliveryRow(d.destination, d.state, d.error, d.confirmed_by))
    return tuple(
        ResultRow(r.kind, r.revision, r.sop_instance_uid, r.created_at, r.summary, tuple(deliveries[r.id]))
        for r in found
    )


def _shadows(session: Session, study_id: int) -> tuple[ShadowRow, ...]:
    query = select(Shadow).where(Shadow.study_id == study_id).order_by(Shadow.revision, Shadow.id)
    return tuple(ShadowRow(s.name, s.version, s.revision, s.answer, s.active) for s in session.scalars(query))
