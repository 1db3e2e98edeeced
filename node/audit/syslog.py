"""From the trail to a syslog collector (RFC 5424): UDP (RFC 5426) or TLS (RFC 5425).

The files are the spool: what has been sent is a position in them, kept on the disk, so that a collector that
was away for a day gets the day. UDP knows no answer; whoever needs certainty takes TLS.
"""

import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from node import durable, logs
from node.audit.trail import FOLDER
from node.errors import StoreError
from node.loop import Bell, Loop, OnDeath
from node.settings import Settings

PRIORITY = 10 * 8 + 5  # facility authpriv, severity notice, as PS3.15 A.6 has it
LOOK_S, RETRY_S, TIMEOUT_S = 1.0, 30.0, 20.0
BATCH = 500

log = logs.get(__name__)


class Forwarder:
    """Sends the trail's messages, in order, each once it is on the disk.

    Parameters
    ----------
    settings : Settings
        `audit.syslog`; without it nothing is sent.
    on_death : callable
        See `Loop`.
    """

    def __init__(self, settings: Settings, on_death: OnDeath) -> None:
        self._settings = settings
        self._folder = settings.data_dir / FOLDER
        self._position = self._folder / "sent.json"
        self._loop = Loop("audit", self.step, Bell(), on_death, longest=RETRY_S)

    def start(self) -> None:
        """Begin to send."""
        if self._settings.audit.syslog is not None:
            self._loop.start()

    def stop(self) -> None:
        """Stop after the batch that is under way."""
        self._loop.ask_to_stop()
        self._loop.await_end(TIMEOUT_S)

    def step(self) -> float:
        """Send what is new; return the seconds until the next look."""
        name, offset = self._sent()
        lines, name, offset = _unsent(self._folder, name, offset)
        if not lines:
            return LOOK_S
        try:
            with self._collector() as send:
                for line in lines:
                    send(frame(line))
        except OSError as error:
            log.warning("the syslog collector cannot be reached", error=error.strerror or str(error))
            return RETRY_S
        self._keep(name, offset)
        return 0.0

    def _sent(self) -> tuple[str, int]:
        try:
            kept = json.loads(self._position.read_text())
        except (OSError, ValueError):
            return "", 0
        return str(kept["file"]), int(kept["offset"])

    def _keep(self, name: str, offset: int) -> None:
        try:
            durable.replace(self._position, json.dumps({"file": name, "offset": offset}).encode())
        except StoreError as error:  # sent again another time
            log.error("the position in the audit trail cannot be kept", error=str(error))

    @contextmanager
    def _collector(self) -> Iterator[Callable[[bytes], object]]:
        to = self._settings.audit
        host, port = str(to.syslog), to.port
        if to.transport == "udp":
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
                yield lambda data: datagrams.sendto(data, address)
            return
        context = ssl.create_default_context(cafile=str(to.ca) if to.ca else None)
        with (
            socket.create_connection((host, port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            yield lambda data: stream.sendall(f"{len(data)} ".encode() + data)  # octet counting
            stream.unwrap()  # an alert that nobody has read would make the peer drop what it has not read yet


def frame(line: bytes) -> bytes:
    """Put a message into a syslog frame (RFC 5424): the time is the event's, the text the XML."""
    stamp = line.split(b'EventDateTime="', 1)[-1].split(b'"', 1)[0].decode()
    head = f"<{PRIORITY}>1 {stamp} {socket.gethostname()} lumbar-node {os.getpid()} DICOM+RFC3881 - "
    return head.encode() + b"\xef\xbb\xbf" + line


def _unsent(folder: Path, name: str, offset: int) -> tuple[list[bytes], str, int]:
    """Return the next messages, and the position behind them."""
    today = f"{datetime.now(UTC):%Y-%m-%d}.xml"
    for path in sorted(folder.glob("????-??-??.xml")):
        if path.name < name or path.name > today:
            continue
        start = offset if path.name == name else 0
        with path.open("rb") as file:
            file.seek(start)
            lines = [line for line in file.readlines(BATCH * 2000) if line.endswith(b"\n")][:BATCH]
        if lines:
            return [line.rstrip(b"\n") for line in lines], path.name, start + sum(map(len, lines))
    return [], name, offset
