"""When a study counts as complete: `Study.complete_after`, in the database, so that it survives a restart.

* An instance moves the deadline to `quiet_s` from now. One that is stored already does too while the study
  is still receiving: a sender that starts again after a failure sends the whole study again.
* An open association holds back the study that it carried last: the deadline is renewed until it ends.
* Its release means that the sender is through: the deadline comes forward to `release_s` from now, unless
  another open association still carries the study. The earlier of the two counts.
* An abort or a lost connection means the opposite: the sender gets the full `quiet_s` to come back.
* A study that is due but lacks a series that the site requires, or has fewer instances than its PACS says,
  gets `ask_again_s` more, again and again; `cap_s` after its first instance it is processed with a note of
  what it lacks, or held.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from node import history
from node.db import Instance, Series, Study
from node.settings import Completeness, Required
from node.states import StudyEvent, StudyState

#: an open association holds a study back for at least this long, however short the quiet time
HOLD = timedelta(seconds=1)


class Deadlines:
    """The moments that follow from the settings.

    Parameters
    ----------
    settings : Completeness
        Quiet time and release time in seconds.
    """

    def __init__(self, settings: Completeness) -> None:
        self.quiet = timedelta(seconds=settings.quiet_s)
        self.release = timedelta(seconds=settings.release_s)
        self.hold = max(self.quiet, HOLD)

    def after_release(self, current: datetime | None, now: datetime) -> datetime:
        """Return the deadline once the last association that carried the study was released."""
        shortened = now + self.release
        return shortened if current is None else min(current, shortened)


def due(session: Session, settings: Completeness, now: datetime) -> list[Study]:
    """Return the receiving studies whose time has come, the most overdue first, locked for update."""
    overdue = (
        select(Study)
        .where(
            Study.state == StudyState.RECEIVING.value,
            or_(Study.complete_after <= now, Study.opened_at <= now - timedelta(seconds=settings.cap_s)),
        )
        .order_by(Study.complete_after, Study.id)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(overdue))


def complete(session: Session, study: Study, incomplete: str | None = None) -> None:
    """Take a study from receiving to complete and record it, with what it lacks all the same.

    Raises
    ------
    IllegalTransition
        If the study is not receiving.
    """
    detail = {} if incomplete is None else {"incomplete": incomplete}
    history.move(session, study, StudyEvent.QUIET, **detail)
    study.complete_after, study.incomplete = None, incomplete


def hold(session: Session, study: Study, incomplete: str) -> None:
    """Keep a study that lacks something for late instances, or for a person."""
    reason = f"held: {incomplete}; it goes on when the rest comes, or by `lumbar-node retry`"
    history.move(session, study, StudyEvent.HELD, reason=reason)
    study.complete_after, study.incomplete = None, incomplete


def reopen(session: Session, study: Study, at: datetime) -> None:
    """Take a study back to receiving, one revision later; `at`: when the instance came that opens it."""
    study.revision += 1
    study.opened_at, study.checked_at, study.incomplete = at, None, None
    history.move(session, study, StudyEvent.INSTANCE)


def judge(session: Session, study: Study, settings: Completeness, now: datetime) -> bool:
    """Complete a study that is due, hold it, or give it more time; return whether it is complete."""
    missing = missing_of(session, study, settings)
    if missing is None:
        complete(session, study)
        return True
    if not is_capped(study, settings, now):
        study.complete_after = now + timedelta(seconds=settings.ask_again_s)
        return False
    if settings.incomplete == "hold":
        hold(session, study, missing)
        return False
    complete(session, study, missing)
    return True


def is_capped(study: Study, settings: Completeness, now: datetime) -> bool:
    """Return whether a study has been waited for long enough."""
    opened = study.opened_at or study.received_at
    return opened + timedelta(seconds=settings.cap_s) <= now


def missing_of(session: Session, study: Study, settings: Completeness) -> str | None:
    """Say what a study lacks: by the rules, and by what its PACS said last (`node.counting`)."""
    series = _series(session, study) if settings.required else []
    lacking = [text for rule in settings.required if (text := _unmet(rule, series))]
    if settings.count_check and study.incomplete:
        lacking.append(study.incomplete)
    return "; ".join(lacking) or None


def _series(session: Session, study: Study) -> list[tuple[str, str, int]]:
    """Return modality, description and number of instances of each series."""
    query = (
        select(Series.modality, Series.description, func.count(Instance.id))
        .join(Instance)
        .where(Series.study_id == study.id)
        .group_by(Series.id)
    )
    return [(modality, description or "", count) for modality, description, count in session.execute(query)]


def _unmet(rule: Required, series: Sequence[tuple[str, str, int]]) -> str | None:
    of_modality = [one for one in series if one[0] == rule.modality]
    if not of_modality:
        return None
    fitting = [
        count
        for _, description, count in of_modality
        if re.search(rule.description, description, re.IGNORECASE) and count >= rule.min_instances
    ]
    if len(fitting) >= rule.min_series:
        return None
    named = f" named like {rule.description!r}" if rule.description else ""
    return (
        f"{rule.modality}: {len(fitting)} of {rule.min_series} series{named} "
        f"with at least {rule.min_instances} instances"
    )


def next_deadline(session: Session, settings: Completeness) -> datetime | None:
    """Return when the next study is due; None if none is receiving."""
    receiving = Study.state == StudyState.RECEIVING.value
    earliest, opened = session.execute(
        select(func.min(Study.complete_after), func.min(Study.opened_at)).where(receiving)
    ).one()
    caps = [] if opened is None else [opened + timedelta(seconds=settings.cap_s)]
    return min([*caps, *([] if earliest is None else [earliest])], default=None)


def adopt(session: Session, settings: Completeness, now: datetime) -> int:
    """Give a deadline to the receiving studies that have none, and return how many there were."""
    orphans = select(Study).where(Study.state == StudyState.RECEIVING.value, Study.complete_after.is_(None))
    studies = list(session.scalars(orphans))
    for study in studies:
        study.complete_after = now + Deadlines(settings).quiet
    return len(studies)


def renew(session: Session, study_instance_uids: set[str], until: datetime) -> None:
    """Hold back studies that open associations carry."""
    held = (
        update(Study)
        .where(Study.study_instance_uid.in_(study_instance_uids), Study.state == StudyState.RECEIVING.value)
        .values(complete_after=until)
    )
    session.execute(held)


def utc_now() -> datetime:
    """Return the time, aware and in UTC."""
    return datetime.now(UTC)
