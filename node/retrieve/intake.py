"""What is fetched goes the way of everything that is received: checked, stored durably, then indexed."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from node import fileformat
from node.audit import Trail
from node.elements import CANNOT_UNDERSTAND
from node.errors import StoreError
from node.index import AssociationEnded, Indexer
from node.receiver.storage import StorageService, StoreRequest
from node.settings import Settings
from node.store import Store

FLUSH_S = 30.0  #: a database that is out of reach longer is caught up with later


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer from one source: what an association is to the receiver."""

    number: int
    source: str  #: stands for the calling AE title


class Intake:
    """Stores what a source gives.

    Parameters
    ----------
    settings : Settings
    engine : Engine
    on_change : callable
        Called when there are new rows.
    """

    def __init__(self, settings: Settings, engine: Engine, on_change: Callable[[], None]) -> None:
        self._ae_title = settings.receiver.ae_title
        self._trail = Trail(settings)
        self._indexer = Indexer(engine, settings.completeness, on_change, self._on_transfer)
        store = Store(settings.data_dir, settings.receiver.min_free_bytes)
        self._service = StorageService(store, engine, self._indexer.submit, settings.receiver.priorities)
        self._numbers = itertools.count(1)
        self._started = False

    def start(self) -> None:
        """Begin to write rows."""
        self._started = True
        self._indexer.start()

    def stop(self) -> None:
        """Write the rows of what has come, and stop."""
        if self._started:
            self._indexer.stop()

    def open(self, source: str) -> Transfer:
        """Begin a transfer; its study is not complete before it ends."""
        return Transfer(next(self._numbers), source)

    def close(self, transfer: Transfer, in_order: bool) -> None:
        """End a transfer, and wait until what it brought is in the index."""
        self._indexer.submit(AssociationEnded(transfer.number, in_order, transfer.source))
        self._indexer.flush(FLUSH_S)

    def take(
        self, transfer: Transfer, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: memoryview
    ) -> int:
        """Store an encoded data set; return the status of its C-STORE (see `node.receiver.storage`)."""
        return self._service.handle(
            StoreRequest(
                association=transfer.number,
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                abstract_syntax_uid=sop_class_uid,
                transfer_syntax_uid=syntax,
                calling_ae=transfer.source,
                called_ae=self._ae_title,
                data_set=data,
            )
        )

    def take_file(self, transfer: Transfer, data: memoryview) -> int:
        """Store a DICOM file (PS3.10); return a status as above."""
        try:
            meta, data_set = fileformat.decode(data)
        except StoreError:
            return CANNOT_UNDERSTAND
        return self.take(
            transfer, meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid, data_set
        )

    def _on_transfer(self, source: str, studies: tuple[str, ...], in_order: bool) -> None:
        self._trail.transferred(source, self._ae_title, studies, None if in_order else "it was interrupted")
