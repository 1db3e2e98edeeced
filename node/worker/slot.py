"""One slot of the worker role: a warm process, and the thread that claims, watches and records for it."""

from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from node import logs, queue
from node.db import Job
from node.engine import readers, sessions
from node.errors import LeaseLost
from node.loop import Bell, Loop, OnDeath, Written, persist, seconds_until
from node.settings import Settings
from node.worker import outcomes, publish
from node.worker.assignments import Assignment, next_assignment
from node.worker.messages import Done, Failure, Made
from node.worker.process import Limits, WarmProcess
from node.worker.pulse import Pulse, Stopping
from node.worker.terms import terms_of

log = logs.get(__name__)


class Slot:
    """One warm process and the work it is given.

    Parameters
    ----------
    name : str
        What its claims are signed with.
    settings : Settings
    engine : Engine
    bell : Bell
        Rung when results wait to be delivered.
    function : str
    """

    def __init__(self, name: str, settings: Settings, engine: Engine, bell: Bell, function: str) -> None:
        self._name = name
        self._settings = settings
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._bell = bell
        self._stopping: Callable[[], bool] = lambda: False
        self._terms = terms_of(settings)
        limits = Limits(settings.worker.timeout_s, int(settings.worker.memory_gib * (1 << 30)))
        self.process = WarmProcess(function, limits)

    def loop(self, on_death: OnDeath) -> Loop:
        """Return the thread that this slot works in."""
        loop = Loop(self._name, self.step, self._bell, on_death)
        self._stopping = lambda: loop.stopping
        return loop

    def step(self) -> float:
        """Run the next analysis; return the seconds until there may be one more."""
        with self._readers() as session:
            pause = seconds_until(queue.next_due(session, "analyse", self._terms))
        if pause:
            return pause
        with self._sessions.begin() as session:
            assignment = next_assignment(session, self._name, self._terms, self._settings)
        if assignment is not None:
            with logs.bound(study=assignment.study_uid, job=assignment.job.id):
                self._work(assignment)
            self._bell.ring()
        return 0.0

    def _work(self, assignment: Assignment) -> None:
        job = assignment.job
        pulse = Pulse(job, self._terms, self._sessions, self._stopping)
        log.info("analysing", attempt=job.attempts, files=len(assignment.order.files))
        try:
            answer, made = self._analyse(assignment, pulse)
            self._record(job, answer, made)
        except Stopping:
            self._persist(lambda session: outcomes.record_release(session, job))
            log.info("analysis handed back")
        except LeaseLost:
            log.warning("another worker has taken this analysis over")
        finally:
            publish.discard(assignment.order.out_dir)

    def _analyse(self, assignment: Assignment, pulse: Pulse) -> tuple[Done | Failure, tuple[Made, ...]]:
        """Run the analysis and give its results their place; a full disk is a failure like any other."""
        order = assignment.order
        try:
            publish.prepare(order.out_dir)
            answer = self.process.run(order, pulse)
            if isinstance(answer, Failure):
                return answer, ()
            root = self._settings.data_dir.resolve()
            study_uid, revision = assignment.study_uid, assignment.job.revision
            return answer, publish.publish(answer, order.out_dir, root, study_uid, revision)
        except OSError as error:
            return Failure("STORAGE", f"the results cannot be written: {error.strerror or error}"), ()

    def _record(self, job: Job, answer: Done | Failure, made: tuple[Made, ...]) -> None:
        if isinstance(answer, Failure):
            again = self._persist(lambda session: outcomes.record_failure(session, job, answer, self._terms))
            log.warning("analysis failed", error=str(answer), again=again)
            return
        self._persist(lambda session: outcomes.record_done(session, job, answer, made, self._settings))
        log.info("analysed", applicable=answer.applicable, results=len(made))

    def _persist(self, write: Callable[[Session], Written]) -> Written:
        return persist(self._sessions, write, self._stopping)
