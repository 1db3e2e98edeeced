"""Rows for files that the database does not know: what a crash kept from being written."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from node import engine as database
from node import fileformat, header, logs
from node.completeness import Deadlines, adopt
from node.db import Instance, Refusal
from node.errors import InvalidInstance
from node.index.carriers import Carriers
from node.index.filing import Filing
from node.index.messages import KEPT_APART, Message, Refused, Stored
from node.settings import Completeness
from node.store import Store

BATCH = 200

log = logs.get(__name__)


def rebuild(engine: Engine, store: Store, settings: Completeness, now: datetime) -> int:
    """Bring the index up to the files, and give every receiving study a deadline.

    Returns
    -------
    int
        How many files had no row.
    """
    missing = 0
    batch: list[Message] = []
    for message in _missing(engine, store):
        batch.append(message)
        missing += 1
        if len(batch) == BATCH:
            _file(engine, batch, settings, now)
            batch = []
    _file(engine, batch, settings, now)
    with database.sessions(engine).begin() as session:
        adopt(session, settings, now)
    return missing


def _file(engine: Engine, batch: list[Message], settings: Completeness, now: datetime) -> None:
    if not batch:
        return
    with database.sessions(engine).begin() as session:
        filing = Filing(session, batch, Carriers(), Deadlines(settings), now)
        for message in batch:
            filing.file(message)


def _missing(engine: Engine, store: Store) -> Iterator[Message]:
    """Yield what the files without a row say; one that cannot be read stays where it is, and is logged."""
    with database.readers(engine)() as session:
        indexed = set(session.scalars(select(Instance.path)))
        recorded = set(session.scalars(select(Refusal.path).where(Refusal.path.is_not(None))))
    unknown = [(path, _stored) for path in store.objects() if path not in indexed]
    unknown += [(path, _kept_apart) for path in store.quarantined() if path not in recorded]
    for path, describe in unknown:
        try:
            yield describe(store.path(path), path)
        except InvalidInstance as error:
            log.error("a file in the store cannot be indexed", path=path, error=str(error))


def _stored(file: Path, path: str) -> Message:
    data = memoryview(file.read_bytes())
    meta, data_set = fileformat.decode(data)
    return Stored(
        header=header.read(data_set, meta.transfer_syntax_uid),
        transfer_syntax_uid=meta.transfer_syntax_uid,
        sha256=hashlib.sha256(data_set).hexdigest(),
        size=len(data),
        path=path,
        calling_ae=meta.calling_ae,
        received_at=_written(file),
        association=None,
    )


def _kept_apart(file: Path, path: str) -> Message:
    meta, _ = fileformat.decode(memoryview(file.read_bytes()))
    return Refused(meta.sop_instance_uid, meta.calling_ae, 0x0000, KEPT_APART, path, _written(file))


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
