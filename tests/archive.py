"""A small archive: a Storage SCP that keeps what it is sent, or refuses it, as a test wants."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE, evt

SOP_CLASSES = (CTImageStorage, MRImageStorage, ComprehensiveSRStorage)
ABORT, SILENT = -1, -2  #: in place of a status


@dataclass
class Archive:
    """What the SCP has seen; `statuses` are answered in turn, then success."""

    port: int = 0
    received: list[Dataset] = field(default_factory=list)
    associations: list[Any] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def store(self, event: Any) -> int:
        """Answer a C-STORE request."""
        with self._news:
            status = self.statuses.pop(0) if self.statuses else 0x0000
        if status == ABORT:
            event.assoc.abort()
        if status == SILENT:
            self.closing.wait(30)
        with self._news:
            if status == 0x0000 or status >> 12 == 0xB:
                self.received.append(event.dataset)
            self._news.notify_all()
        return max(status, 0)

    def wait_for(self, count: int, seconds: float = 30) -> list[Dataset]:
        """Wait until so many objects are there."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.received) >= count, seconds), len(self.received)
            return list(self.received)


@contextmanager
def archive(
    port: int = 0, sop_classes: Sequence[str] = SOP_CLASSES, statuses: Sequence[int] = ()
) -> Iterator[Archive]:
    """Run an archive on a free port."""
    entity = AE("ARCHIVE")
    entity.require_called_aet = True
    for sop_class in sop_classes:
        entity.add_supported_context(sop_class, ExplicitVRLittleEndian)
    kept = Archive(statuses=list(statuses))
    handlers = [
        (evt.EVT_C_STORE, kept.store),
        (evt.EVT_ESTABLISHED, lambda event: kept.associations.append(event.assoc)),
    ]
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    kept.port = server.server_address[1]
    try:
        yield kept
    finally:
        kept.closing.set()
        server.shutdown()
