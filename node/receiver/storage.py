"""The C-STORE service (PS3.4 annex B): from the bytes of a request to a status.

| status | meaning | when |
|---|---|---|
| 0000 | Success | stored, stored before, or a result of this node that has come back |
| 0000 | Success | same UID, other content: kept apart and on record: a failure would be retried for ever |
| 0110 | Processing failure | the disk or the database failed |
| 0122 | SOP class not supported | the command names another SOP class than its presentation context |
| A700 | Out of resources | too little room on the disk, or the node is stopping |
| A900 | Data set does not match SOP class | UIDs of command and data set differ, are missing or illegal |
| C000 | Cannot understand | cannot be parsed, or has no StudyInstanceUID or SeriesInstanceUID |
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from node import engine as database
from node import header, logs
from node.completeness import utc_now
from node.db import Result
from node.elements import printable
from node.errors import InvalidInstance, OutOfSpace, StoreError
from node.fileformat import FileMeta
from node.header import Header
from node.index.messages import KEPT_APART, Message, OwnResult, Refused, Stored
from node.settings import Priority
from node.sop_classes import MADE_HERE
from node.store import Outcome, Store

#: C-STORE's Priority (0000,0700): MEDIUM, HIGH, LOW
MEDIUM = 0
RANKS = {MEDIUM: 0, 1: 1, 2: -1}

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
SOP_CLASS_NOT_SUPPORTED = 0x0122
OUT_OF_RESOURCES = 0xA700

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """A C-STORE request and the association it came by."""

    association: int
    sop_class_uid: str  #: Affected SOP Class UID
    sop_instance_uid: str  #: Affected SOP Instance UID
    abstract_syntax_uid: str  #: of the presentation context
    transfer_syntax_uid: str
    calling_ae: str
    called_ae: str
    data_set: memoryview  #: as received
    priority: int = MEDIUM  #: of the C-STORE request (PS3.7 9.1.1.1)


class StorageService:
    """Answers C-STORE requests; safe to use from many threads.

    Parameters
    ----------
    store : Store
    engine : Engine
        Asked only whether a SEG, SR, PDF or secondary capture is a result of this node.
    submit : callable
        Takes messages for the index.
    priorities : sequence of Priority
        The site's own, by calling AE title and modality.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        submit: Callable[[Message], None],
        priorities: Sequence[Priority] = (),
    ) -> None:
        self._priorities = priorities
        self._store = store
        self._readers = database.readers(engine)
        self._submit = submit

    def handle(self, request: StoreRequest) -> int:
        """Return the status; success only once the bytes are safe."""
        try:
            return self._take_in(request)
        except InvalidInstance as error:
            return self._refuse(request, error.status, str(error))
        except OutOfSpace as error:
            return self._refuse(request, OUT_OF_RESOURCES, str(error))
        except StoreError as error:
            return self._refuse(request, PROCESSING_FAILURE, str(error))
        except SQLAlchemyError as error:
            return self._refuse(request, PROCESSING_FAILURE, f"the database failed: {type(error).__name__}")

    def _take_in(self, request: StoreRequest) -> int:
        found = checked(request)
        if self._made_here(found):
            self._submit(
                OwnResult(found.study_instance_uid, found.sop_instance_uid, request.calling_ae, utc_now())
            )
            return SUCCESS
        meta = FileMeta(
            found.sop_class_uid,
            found.sop_instance_uid,
            request.transfer_syntax_uid,
            request.calling_ae,
            request.called_ae,
        )
        outcome, file = self._store.put(meta, request.data_set)
        if outcome is Outcome.CONFLICT:
            return self._refuse(request, SUCCESS, KEPT_APART, file.path)
        if outcome is not Outcome.KNOWN_CONFLICT:
            self._submit(
                Stored(
                    header=found,
                    transfer_syntax_uid=request.transfer_syntax_uid,
                    sha256=file.sha256,
                    size=file.size,
                    path=file.path,
                    calling_ae=request.calling_ae,
                    received_at=utc_now(),
                    association=request.association,
                    priority=self._priority(request, found),
                )
            )
        return SUCCESS

    def _priority(self, request: StoreRequest, found: Header) -> int:
        """Return what the site's rules say, the highest where several apply; else what the request names."""
        ruled = [
            rule.value
            for rule in self._priorities
            if rule.calling_ae in {None, request.calling_ae} and rule.modality in {None, found.modality}
        ]
        return max(ruled, default=RANKS.get(request.priority, 0))

    def _made_here(self, found: Header) -> bool:
        if found.sop_class_uid not in MADE_HERE:
            return False
        with self._readers() as session:
            own = select(Result.id).where(Result.sop_instance_uid == found.sop_instance_uid)
            return session.scalar(own) is not None

    def _refuse(self, request: StoreRequest, status: int, reason: str, path: str | None = None) -> int:
        log.warning("not taken in", status=f"{status:04X}", reason=reason, calling_ae=request.calling_ae)
        uid = printable(request.sop_instance_uid) or None
        with suppress(StoreError):  # where the index has ended the status alone must tell
            self._submit(Refused(uid, request.calling_ae, status, reason, path, utc_now()))
        return status


def checked(request: StoreRequest) -> Header:
    """Return the header of the data set if it is what the command says it is.

    Raises
    ------
    InvalidInstance
        With the status to answer.
    """
    if request.sop_class_uid != request.abstract_syntax_uid:
        raise InvalidInstance(
            SOP_CLASS_NOT_SUPPORTED, "the command names a SOP class that was not negotiated"
        )
    header.check_uid(request.sop_instance_uid, "AffectedSOPInstanceUID")
    found = header.read(request.data_set, request.transfer_syntax_uid)
    if found.sop_class_uid != request.sop_class_uid:
        raise InvalidInstance(header.DOES_NOT_MATCH, "command and data set name different SOP classes")
    if found.sop_instance_uid != request.sop_instance_uid:
        raise InvalidInstance(header.DOES_NOT_MATCH, "command and data set name different SOP instances")
    return found
