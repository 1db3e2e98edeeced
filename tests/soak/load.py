"""Senders that behave like modalities: several at a time, with duplicates, aborts, and patience."""

import hashlib
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dicom_peer import Peer, make_data_set

PAUSE_S = 0.05


@dataclass(frozen=True)
class Plan:
    """A study to be sent."""

    uid: str
    objects: tuple[tuple[str, bytes], ...]  #: SOP Instance UID, encoded data set


@dataclass
class Acknowledged:
    """What was answered with success: UID -> sha256 of the data set."""

    digests: dict[str, str] = field(default_factory=dict)
    answers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, uid: str, data: bytes) -> None:
        """Note a success."""
        with self._lock:
            self.digests[uid] = hashlib.sha256(data).hexdigest()
            self.answers += 1


def plan(uid: str, objects: int, size: int, **changes: str) -> Plan:
    """Make a study of one series; every study has a patient of its own, so that none is paired."""
    values = {"StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1", "PatientID": uid, **changes}
    uids = [f"{uid}.1.{number}" for number in range(objects)]
    made = ((one, make_data_set(one, PixelData=one.encode().ljust(size, b"."), **values)) for one in uids)
    return Plan(uid, tuple(made))


class Sender(threading.Thread):
    """Sends one study after the other, each until all of it has been acknowledged.

    Parameters
    ----------
    number : int
        Seeds its moods.
    plans : sequence of Plan
    port : callable
        Where the node listens now; raises or waits while it is down.
    acknowledged : Acknowledged
    """

    def __init__(
        self, number: int, plans: Sequence[Plan], port: Callable[[], int], acknowledged: Acknowledged
    ) -> None:
        super().__init__(name=f"sender {number}", daemon=True)
        self._plans = plans
        self._port = port
        self._acknowledged = acknowledged
        self._random = random.Random(number)
        self._pause = threading.Event()
        self._enough = threading.Event()
        self.sent = 0  #: studies that are through
        self.aborts = 0
        self.duplicates = 0

    def enough(self) -> None:
        """Begin no further study."""
        self._enough.set()

    def run(self) -> None:
        """Send everything, or until it is enough."""
        for plan in self._plans:
            if self._enough.is_set():
                return
            while not self._send(plan):
                self._pause.wait(PAUSE_S)
            self.sent += 1

    def _send(self, plan: Plan) -> bool:
        """Send a study from its beginning, as a modality does; return whether all of it got success."""
        abort_at = self._random.randrange(len(plan.objects)) if self._random.random() < 0.1 else None
        try:
            with Peer(self._port()) as peer:
                for number, (uid, data) in enumerate(plan.objects):
                    if number == abort_at:
                        self.aborts += 1
                        peer.abort()
                        return False
                    if not self._store(peer, uid, data):
                        return False
                peer.release()
        except (OSError, AssertionError):  # the node is down, or has gone in the middle
            return False
        return True

    def _store(self, peer: Peer, uid: str, data: bytes) -> bool:
        times = 2 if self._random.random() < 0.1 else 1
        self.duplicates += times - 1
        for _ in range(times):
            if peer.store(data, uid) != 0x0000:
                return False
            self._acknowledged.add(uid, data)
        return True
