"""The dispatcher: what is complete is handed out for analysis, what killed every worker is given up."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from node import completeness, history, logs, queue
from node.completeness import utc_now
from node.counting import Counting
from node.db import Study
from node.engine import readers, sessions
from node.loop import Bell, Loop, OnDeath, seconds_until
from node.retrieve import needs
from node.settings import Settings
from node.states import StudyEvent
from node.worker.outcomes import end_attempt
from node.worker.terms import terms_of

log = logs.get(__name__)

PIPELINE = "lumbar"  #: the target of analysis jobs


class Dispatcher:
    """The dispatcher role: one thread.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    bell : Bell
        Rung when there is work.
    on_death : callable
        See `Loop`.
    """

    def __init__(self, settings: Settings, engine: Engine, bell: Bell, on_death: OnDeath) -> None:
        self._settings = settings
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._bell = bell
        self._terms = terms_of(settings)
        self._counting = Counting(settings, engine, bell)
        self._loop = Loop("dispatcher", self.step, bell, on_death)

    def start(self) -> None:
        """Give the studies without a deadline one, and begin."""
        with self._sessions.begin() as session:
            completeness.adopt(session, self._settings.completeness, utc_now())
        self._loop.start()

    def stop(self) -> None:
        """Stop after the step that runs."""
        self._loop.ask_to_stop()
        self._loop.await_end()
        self._counting.stop()

    def step(self) -> float:
        """Do what is due; return the seconds until the next study is."""
        pause = self._pause()
        if pause:
            return pause
        with self._sessions.begin() as session:
            completed = self._complete_due(session)
            lost = queue.give_up(session, "analyse", self._terms)
            for job in lost:
                end_attempt(session, job, queue.DIED, again=False)
        for study in completed:
            log.info("complete", study=study.study_instance_uid, revision=study.revision)
        for job in lost:
            log.error("given up", job=job.id, attempts=job.attempts)
        self._bell.ring()
        return 0.0

    def _complete_due(self, session: Session) -> list[Study]:
        now, settings = utc_now(), self._settings.completeness
        completed = []
        for study in completeness.due(session, settings, now):
            waits = not completeness.is_capped(study, settings, now) and self._counting.wanted(study)
            if not waits and completeness.judge(session, study, settings, now):
                hand_out(session, study)
                needs.note(session, study, self._settings)
                completed.append(study)
        return completed

    def _pause(self) -> float:
        with self._readers() as session:
            if queue.any_lost(session, "analyse", self._terms):
                return 0.0
            return seconds_until(completeness.next_deadline(session, self._settings.completeness))


def hand_out(session: Session, study: Study) -> None:
    """Queue the analysis of a study's current revision, anew if it has been analysed already."""
    queue.enqueue(session, "analyse", PIPELINE, study.id, study.revision, again=True, priority=study.priority)


def retry(session: Session, study: Study) -> None:
    """Analyse and deliver a study again because a person says so.

    Results that a destination has confirmed already are not sent again: they come out the same. What its case
    lacks is asked for again.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    study : Study
        From `node.history.locked`.

    Raises
    ------
    IllegalTransition
        If the study is not done, ignored, failed or held.
    """
    history.move(session, study, StudyEvent.RETRIED)
    hand_out(session, study)
    needs.again(session, study)
