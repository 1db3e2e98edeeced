"""The first lines that run in a worker process; light, because the node imports them too."""

import contextlib
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def main(pipe: "Connection[Any, Any]", function: str) -> None:
    """Load the pipelines and answer orders.

    Signals to the whole process group (Ctrl-C, systemd) are the node's business: it stops its workers.
    If memory runs out, the kernel shall end the worker, not the node.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text("800")
    from node.worker import child  # noqa: PLC0415 - the node, which imports this module, stays light

    child.serve(pipe, function)
