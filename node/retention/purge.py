"""How the objects of a study go: aside, out of the database, off the disk. A restart finishes what was begun.

1. Each file is moved to purged/<study's number>/ under the lock that storing takes.
2. One transaction deletes the rows and takes the study to purged. An instance that has been stored again
   meanwhile keeps its row, and opens the study again.
3. The files are deleted.

A crash before 2 leads to the files being moved back, one after it to 3.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, Select, delete, select
from sqlalchemy.orm import Session

from node import durable, history, logs
from node.audit import Trail
from node.completeness import Deadlines, reopen, utc_now
from node.db import Instance, Series, Study
from node.engine import readers, sessions
from node.retention.rules import may_go
from node.settings import Settings
from node.statements import execute
from node.states import StudyEvent, StudyState
from node.store import PURGED, Store

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Freed:
    """What a study's removal gave."""

    objects: int
    size: int  #: bytes


class Purger:
    """Removes the objects of studies.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._store = Store(settings.data_dir)
        self._sessions = sessions(engine)
        self._readers = readers(engine)
        self._trail = Trail(settings)

    def recover(self) -> int:
        """Finish or undo what an earlier process had begun; return how many studies that was."""
        root = self._settings.data_dir / PURGED
        folders = sorted(root.iterdir()) if root.is_dir() else []
        for folder in folders:
            with self._readers() as session:
                study = session.get(Study, int(folder.name))
            if study is None or study.state == StudyState.PURGED.value:
                _delete(folder)
            else:
                self._undo(folder)
        return len(folders)

    def purge(self, study_id: int) -> Freed | None:
        """Remove a study's objects; None if it may not go any more."""
        folder = self._settings.data_dir / PURGED / str(study_id)
        with self._readers() as session:
            study = session.get_one(Study, study_id)
            if not may_go(session, study, self._settings.retention):
                return None
            paths = [row.path for row in session.scalars(_instances(study_id))]
        folder.mkdir(parents=True, exist_ok=True)
        durable.sync_folder(folder.parent)
        for path in paths:
            self._store.set_aside(path, folder)
        with self._sessions.begin() as session:
            freed = self._forget(session, study_id)
        if freed is None:
            self._undo(folder)
            return None
        _delete(folder)
        self._trail.deleted(study.study_instance_uid, f"retention: {freed.objects} objects")
        log.info("purged", study=study.study_instance_uid, objects=freed.objects, size=freed.size)
        return freed

    def _forget(self, session: Session, study_id: int) -> Freed | None:
        """Delete the rows of what is aside; None if the study has moved on meanwhile."""
        study = history.locked(session, study_id)
        if not may_go(session, study, self._settings.retention):
            return None
        rows = list(session.scalars(_instances(study_id)))
        gone = [row for row in rows if not self._store.path(row.path).exists()]
        freed = Freed(len(gone), sum(row.size for row in gone))
        for row in gone:
            session.delete(row)
        session.flush()
        empty = (
            select(Series.id).outerjoin(Instance).where(Series.study_id == study_id, Instance.id.is_(None))
        )
        execute(session, delete(Series).where(Series.id.in_(empty)))
        history.move(session, study, StudyEvent.PURGED, objects=freed.objects, bytes=freed.size)
        if len(gone) < len(rows):
            now = utc_now()
            reopen(session, study, now)
            study.complete_after = now + Deadlines(self._settings.completeness).quiet
        return freed

    def _undo(self, folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            self._store.bring_back(path)
        _delete(folder)


def _instances(study_id: int) -> Select[Instance]:
    return select(Instance).join(Series).where(Series.study_id == study_id)


def _delete(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
