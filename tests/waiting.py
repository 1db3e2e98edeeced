"""Waiting for what another thread or process will do, where nothing announces it."""

import threading
import time
from collections.abc import Callable

TIMEOUT_S = 20.0
PAUSE_S = 0.01


def wait_until(condition: Callable[[], object], timeout: float = TIMEOUT_S) -> None:
    """Ask again and again until `condition` holds; fail with its name after `timeout` seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {condition}")
        pause.wait(PAUSE_S)
