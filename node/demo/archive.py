"""A small archive in a process of its own: a Storage SCP that writes down what it is sent."""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification

from node.errors import NodeError

AE_TITLE = "ARCHIVE"
START_S = 60.0  #: seconds that the process may take to listen


class Archive:
    """The archive's process; a context manager. It ends with its parent, however that ends.

    Parameters
    ----------
    folder : Path
        Gets <Modality>_<SOPInstanceUID>.dcm for every object.

    Attributes
    ----------
    port : int
        Where it listens on 127.0.0.1, once entered.
    """

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(target=main, args=(child, folder), name="archive", daemon=True)
        self._child = child
        self.port = 0

    def __enter__(self) -> "Archive":
        """Start the process and wait until it listens."""
        self._process.start()
        self._child.close()
        if not self._pipe.poll(START_S):
            self._stop()
            raise NodeError(f"the demonstration's archive did not start within {START_S:.0f} s")
        self.port = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the process."""
        self._stop()

    def _stop(self) -> None:
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def main(pipe: "Connection[Any, Any]", folder: Path) -> None:
    """Listen on a free loopback port, tell it through the pipe, and end when the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    folder.mkdir(parents=True, exist_ok=True)
    ae = AE(AE_TITLE)
    ae.require_called_aet = True
    ae.supported_contexts = AllStoragePresentationContexts
    ae.add_supported_context(Verification)
    store = (evt.EVT_C_STORE, _store, [folder])
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[store])
    pipe.send(server.socket.getsockname()[1])
    try:
        pipe.recv()
    except EOFError:
        server.shutdown()


def _store(event: evt.Event, folder: Path) -> int:
    """Write the object whole, then answer success (PS3.4 B.2.3)."""
    name = f"{event.dataset.get('Modality', 'OT')}_{event.request.AffectedSOPInstanceUID}.dcm"
    part = folder / f"{name}.part"
    part.write_bytes(event.encoded_dataset())
    part.rename(folder / name)
    return 0x0000
