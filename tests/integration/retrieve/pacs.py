"""A Query/Retrieve SCP with a few objects, that stops where a test wants it to."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

LEVELS = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
PENDING = 0xFF00
MATCHED = ("PatientID", "Modality", "StudyInstanceUID", "SeriesInstanceUID")
WAIT_S = 60


@dataclass
class Pacs:
    """What it has, what it was asked, and where it waits."""

    objects: Sequence[Dataset]
    port: int = 0
    counts: bool = True  #: says how many instances a series has
    leaves_out: str | None = None  #: an attribute that its answers lack
    status: int | None = None  #: of every C-FIND, instead of an answer
    queries: list[Dataset] = field(default_factory=list)
    gets: list[Dataset] = field(default_factory=list)
    given: int = 0  #: objects that C-GET has sent
    find_gate: threading.Event = field(default_factory=threading.Event)  #: a C-FIND goes on when it is set
    get_gate: threading.Event = field(default_factory=threading.Event)  #: so does a C-GET after one object

    def on_find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Answer C-FIND."""
        query = event.identifier
        self.queries.append(query)
        self.find_gate.wait(WAIT_S)
        if self.status is not None:
            yield self.status, None
            return
        key = LEVELS[query.QueryRetrieveLevel]
        firsts = {one[key].value: one for one in reversed(self._matching(query))}
        for one in firsts.values():
            yield PENDING, self._answer(query, one)

    def on_get(self, event: Any) -> Iterator[Any]:
        """Answer C-GET."""
        self.gets.append(event.identifier)
        wanted = self._matching(event.identifier)
        yield len(wanted)
        for one in wanted:
            yield PENDING, one
            self.given += 1
            self.get_gate.wait(WAIT_S)

    def _matching(self, query: Dataset) -> list[Dataset]:
        keys = [key for key in MATCHED if query.get(key)]
        return [one for one in self.objects if all(one[key].value == query[key].value for key in keys)]

    def _answer(self, query: Dataset, one: Dataset) -> Dataset:
        answer = Dataset()
        for element in query:
            if element.keyword in one and element.keyword != self.leaves_out:
                answer[element.tag] = one[element.tag]
        answer.QueryRetrieveLevel = query.QueryRetrieveLevel
        if self.counts and "NumberOfSeriesRelatedInstances" in query:
            same = [other for other in self.objects if other.SeriesInstanceUID == one.SeriesInstanceUID]
            answer.NumberOfSeriesRelatedInstances = len(same)
        return answer


@contextmanager
def serving(pacs: Pacs) -> Iterator[Pacs]:
    """Let it listen on a free port."""
    entity = AE("PACS")
    for model in (StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet):
        entity.add_supported_context(model)
    for sop_class in (CTImageStorage, MRImageStorage):
        entity.add_supported_context(sop_class, ExplicitVRLittleEndian, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_C_FIND, pacs.on_find), (evt.EVT_C_GET, pacs.on_get)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        pacs.find_gate.set()
        pacs.get_gate.set()
        server.shutdown()
