"""When a study counts as complete: `Study.complete_after`, in the database, so that it survives a restart.

* An instance moves the deadline to `quiet_s` from now. One that is stored already does too while the study
  is still receiving: a sender that starts again after a failure sends the whole study again.
* An open association holds back the study that it carried last: the deadline is renewed until it ends.
* Its release means that the sender is through: the deadline comes forward to `release_s` from now, unless
  another open association still carries the study. The earlier of the two counts.
* An abort or a lost connection means the opposite: the sender gets the full `quiet_s` to come back.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from node import history
from node.db import Study
from node.settings import Completeness
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


def due(session: Session, now: datetime) -> list[Study]:
    """Return the receiving studies whose deadline has passed, the most overdue first, locked for update."""
    overdue = (
        select(Study)
        .where(Study.state == StudyState.RECEIVING.value, Study.complete_after <= now)
        .order_by(Study.complete_after, Study.id)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(overdue))


def complete(session: Session, study: Study) -> None:
    """Take a study from receiving to complete and record it.

    Raises
    ------
    IllegalTransition
        If the study is not receiving.
    """
    history.move(session, study, StudyEvent.QUIET)
    study.complete_after = None


def complete_due(session: Session, now: datetime) -> list[Study]:
    """Complete every study that is due and return them; the dispatcher calls this in its own transaction."""
    studies = due(session, now)
    for study in studies:
        complete(session, study)
    return studies


def next_deadline(session: Session) -> datetime | None:
    """Return when the next study is due; None if none is receiving."""
    earliest = select(func.min(Study.complete_after)).where(Study.state == StudyState.RECEIVING.value)
    return session.scalar(earliest)


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
