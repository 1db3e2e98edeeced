"""Which studies may go: at the end of their way, old enough, and delivered."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from node.db import Delivery, Result, Study
from node.settings import Retention
from node.states import TRANSITIONS, StudyEvent, StudyState

PURGEABLE = tuple(state.value for state, event in TRANSITIONS if event is StudyEvent.PURGED)


def old_enough(session: Session, settings: Retention, now: datetime) -> list[Study]:
    """Return the studies whose objects have been kept for long enough, the oldest first."""
    if settings.days is None:
        return []
    before = now - timedelta(days=settings.days)
    return list(session.scalars(_purgeable(settings).where(Study.last_instance_at < before)))


def oldest(session: Session, settings: Retention) -> list[Study]:
    """Return the studies that may go where the disk runs full, the oldest first, whatever their age."""
    return list(session.scalars(_purgeable(settings)))


def may_go(session: Session, study: Study, settings: Retention) -> bool:
    """Return whether a study may go now."""
    return session.scalar(_purgeable(settings).where(Study.id == study.id)) is not None


def stale_results(session: Session, settings: Retention, now: datetime) -> list[Result]:
    """Return the results of purged studies whose files have been kept for long enough, all delivered."""
    if settings.results_days is None:
        return []
    before = now - timedelta(days=settings.results_days)
    query = (
        select(Result)
        .join(Study)
        .where(Study.state == StudyState.PURGED.value, Result.created_at < before, ~_undelivered())
    )
    return list(session.scalars(query.order_by(Result.id)))


def _purgeable(settings: Retention) -> Select[Study]:
    query = select(Study).where(Study.state.in_(PURGEABLE))
    if settings.delivered_only:
        query = query.where(~_undelivered())
    return query.order_by(Study.last_instance_at, Study.id)


def _undelivered() -> ColumnElement[bool]:
    """Find studies of which a result has not reached a destination, unless another went in its stead."""
    open_ = (Result.study_id == Study.id) & (Delivery.state != "delivered") & Delivery.confirmed_by.is_(None)
    return exists().where(Delivery.result_id == Result.id, open_)
