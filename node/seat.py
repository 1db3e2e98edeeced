"""One process per role, data folder and machine, so that a restart knows which leases are orphaned.

Without it a node that was killed would have to wait for its own leases to run out.
"""

import fcntl
import socket
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from node.errors import ConfigurationError


class Seat:
    """The right to be the one process in a role; the kernel takes it back from the dead.

    Parameters
    ----------
    data_dir : Path
    role : str
        At most 16 characters.

    Attributes
    ----------
    holder : str
        What the names of this seat's workers start with: the same after a restart, different on another
        machine or for another data folder. At most 60 characters.
    """

    def __init__(self, data_dir: Path, role: str) -> None:
        host = socket.gethostname()
        self._role = role
        self._data_dir = data_dir.resolve()
        self._path = self._data_dir / "run" / f"{role}-{host}.lock"
        digest = sha256(f"{host}:{self._data_dir}".encode()).hexdigest()[:8]
        self._lock: TextIO | None = None
        self.holder = f"{host[:32]}-{digest}/{role}:"

    def take(self) -> None:
        """Sit down.

        Raises
        ------
        ConfigurationError
            If another process has the seat.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = self._path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ConfigurationError(
                f"data_dir: another process is {self._role} of {self._data_dir} on this machine already; "
                "stop it, or give this one a data_dir of its own"
            ) from None
        self._lock = lock

    def leave(self) -> None:
        """Let another process sit down; nothing happens if this one never sat."""
        if self._lock is not None:
            self._lock.close()
