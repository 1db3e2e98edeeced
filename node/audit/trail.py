"""The trail on the disk: a file per day, a message per line, appended by every process of the node."""

import os
from datetime import UTC, datetime
from pathlib import Path

from node import logs
from node.audit.messages import Action, Code, Event, Outcome, Participant, encode, itself
from node.settings import Settings

FOLDER = "audit"

log = logs.get(__name__)


class Trail:
    """Appends audit messages; safe to use from many threads and processes.

    A message that cannot be written is logged as an error and does not stop what it was about: a full disk
    must not keep a patient's images from being received.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._enabled = settings.audit.enabled
        self._source = settings.receiver.ae_title
        self._folder = settings.data_dir / FOLDER

    def started(self) -> None:
        """Note that the node has started."""
        self._application(Code.APPLICATION_START)

    def stopped(self) -> None:
        """Note that the node stops."""
        self._application(Code.APPLICATION_STOP)

    def refused(self, calling_ae: str, address: str, why: str) -> None:
        """Note an association that was not let in."""
        who = Participant(calling_ae, True, address=address)
        self.note(
            Event(Code.SECURITY_ALERT, Action.EXECUTE, (who, itself()), Outcome.MINOR,
                  Code.NODE_AUTHENTICATION, detail=why)
        )  # fmt: skip

    def transferred(
        self, source: str, destination: str, studies: tuple[str, ...], trouble: str | None = None
    ) -> None:
        """Note that objects of studies went from one AE to another; one of them is this node."""
        outcome = Outcome.SUCCESS if trouble is None else Outcome.MINOR
        participants = (
            Participant(source, True, Code.SOURCE),
            Participant(destination, False, Code.DESTINATION),
        )
        action = Action.CREATE if destination == self._source else Action.READ
        self.note(
            Event(Code.INSTANCES_TRANSFERRED, action, participants, outcome, studies=studies, detail=trouble)
        )

    def viewed(self, who: str, address: str | None, study: str) -> None:
        """Note that somebody has looked at a study."""
        self.note(
            Event(
                Code.INSTANCES_ACCESSED,
                Action.READ,
                (Participant(who, True, address=address),),
                studies=(study,),
            )
        )

    def queried(self, peer: str, study: str) -> None:
        """Note that a peer was asked about a study."""
        participants = (
            Participant(self._source, True, Code.SOURCE),
            Participant(peer, False, Code.DESTINATION),
        )
        self.note(Event(Code.QUERY, Action.EXECUTE, participants, studies=(study,)))

    def deleted(self, study: str, detail: str) -> None:
        """Note that the objects of a study were removed."""
        self.note(
            Event(
                Code.STUDY_DELETED, Action.DELETE, (itself(requestor=True),), studies=(study,), detail=detail
            )
        )

    def changed(self, who: str, detail: str, patient_key: str | None = None) -> None:
        """Note that somebody has changed what results rest on: a model in use, a patient's variables."""
        who_is = (Participant(who, True),)
        self.note(
            Event(Code.SECURITY_ALERT, Action.UPDATE, who_is, type=Code.SOFTWARE_CONFIGURATION,
                  patient_key=patient_key, detail=detail)
        )  # fmt: skip

    def note(self, event: Event) -> None:
        """Append an event."""
        if not self._enabled:
            return
        now = datetime.now(UTC)
        try:
            append(self._folder, encode(event, self._source, now) + b"\n", now)
        except OSError as error:
            log.error("the audit trail cannot be written", error=error.strerror, kind=event.kind.name)

    def _application(self, what: Code) -> None:
        self.note(Event(Code.APPLICATION_ACTIVITY, Action.EXECUTE, (itself(),), type=what))


def append(folder: Path, line: bytes, now: datetime) -> None:
    """Append a line to the file of the day, in one write, and put it on the disk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%d}.xml"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
