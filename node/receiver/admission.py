"""Who may open an association, and how many at a time (PS3.8 9.3.4: result, source, reason)."""

import socket
import threading
from contextlib import suppress
from enum import Enum

from node import logs
from node.settings import Peer, Receiver

log = logs.get(__name__)


class Rejection(Enum):
    """Why an association is rejected, as A-ASSOCIATE-RJ says it: (result, source, reason)."""

    CALLED_AE = (1, 1, 7)  #: permanent, service user, called AE title not recognised
    CALLING_AE = (1, 1, 3)  #: permanent, service user, calling AE title not recognised
    OVERLOAD = (2, 3, 2)  #: transient, service provider (presentation), local limit exceeded


Address = tuple[str, int]

#: connections that have not asked for an association yet: of one host, and of all
HALF_OPEN_PER_HOST = 32
HALF_OPEN = 128


class Admission:
    """Decides on each connection and association request; counts those that are open.

    Parameters
    ----------
    settings : Receiver
        Own AE title, peers and limit.
    """

    def __init__(self, settings: Receiver) -> None:
        self._settings = settings
        self._admitted: dict[int, str] = {}  # association: host
        self._half_open: dict[Address, socket.socket] = {}  # the oldest first
        self._lock = threading.Lock()

    def connect(self, address: Address, connection: socket.socket) -> bool:
        """Let a connection in, unless its host has too many silent ones: they cost a thread each.

        Where all hosts together have too many, the oldest is closed: a flood from many addresses must not
        keep out the peer that comes to work.
        """
        with self._lock:
            if sum(1 for host, _ in self._half_open if host == address[0]) >= HALF_OPEN_PER_HOST:
                return False
            if len(self._half_open) >= HALF_OPEN:
                _hang_up(self._half_open.pop(next(iter(self._half_open))))
            self._half_open[address] = connection
        return True

    def request(self, association: int, called: str, calling: str, address: Address) -> Rejection | None:
        """Admit an association, or say why not.

        Parameters
        ----------
        association : int
            Identifies it until `ended`.
        called, calling : str
            AE titles of the request.
        address : (host, port)
            Where the connection comes from.
        """
        self._spoken(address)
        if self._settings.require_called_ae and called.strip() != self._settings.ae_title:
            return Rejection.CALLED_AE
        if not self._is_peer(calling.strip(), address[0]):
            return Rejection.CALLING_AE
        with self._lock:
            if self._is_full(address[0]):
                return Rejection.OVERLOAD
            self._admitted[association] = address[0]
        return None

    def admitted(self, association: int) -> bool:
        """Return whether an association was admitted and has not ended."""
        with self._lock:
            return association in self._admitted

    def ended(self, association: int, address: Address) -> None:
        """Make room."""
        self._spoken(address)
        with self._lock:
            self._admitted.pop(association, None)

    def gone(self, address: Address) -> None:
        """Forget a connection that never asked for an association."""
        self._spoken(address)

    def open(self) -> int:
        """Return how many associations are open."""
        with self._lock:
            return len(self._admitted)

    def _spoken(self, address: Address) -> None:
        with self._lock:
            self._half_open.pop(address, None)

    def _is_full(self, host: str) -> bool:
        of_host = sum(1 for other in self._admitted.values() if other == host)
        most = self._settings.max_per_host or of_host + 1
        return len(self._admitted) >= self._settings.max_associations or of_host >= most

    def _is_peer(self, calling: str, address: str) -> bool:
        peers = self._settings.peers
        return not peers or any(peer.ae_title == calling and _comes_from(peer, address) for peer in peers)


def _hang_up(connection: socket.socket) -> None:
    """End a connection, so that the thread which waits for it wakes and cleans up."""
    with suppress(OSError):  # it has ended meanwhile
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # SSLSocket's own would take TLS off first


def _comes_from(peer: Peer, address: str) -> bool:
    if peer.host is None:
        return True
    try:
        found = socket.getaddrinfo(peer.host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        log.warning(
            "the address of a peer cannot be resolved", peer=peer.ae_title, host=peer.host, error=str(error)
        )
        return False
    return address in {str(entry[4][0]) for entry in found}
