"""A network namespace of the tests' own: Debian's Orthanc listens everywhere, and here there is only lo."""

import ctypes
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

CLONE_NEWNET = 0x40000000


class NotPermittedError(Exception):
    """This process may not make a network namespace."""


@contextmanager
def own_network() -> Iterator[None]:
    """Put this thread, and every thread and process that it starts meanwhile, into a new network namespace.

    The namespace has a loopback interface and nothing else: every port is free, and nobody else can come in.

    Raises
    ------
    NotPermittedError
        Without CAP_SYS_ADMIN, or where there is no `ip` to bring the loopback interface up.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET):
            raise NotPermittedError(f"unshare(CLONE_NEWNET): {os.strerror(ctypes.get_errno())}")
        try:
            _bring_loopback_up()
            yield
        finally:
            if libc.setns(before, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(before)


@contextmanager
def own_network_or_skip() -> Iterator[None]:
    """Give the test a network of its own, or skip it: Orthanc would listen on all interfaces."""
    with ExitStack() as stack:
        try:
            stack.enter_context(own_network())
        except NotPermittedError as error:
            pytest.skip(f"Orthanc is started in a network namespace only, and there can be none: {error}")
        yield


def _bring_loopback_up() -> None:
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NotPermittedError("no `ip` (Debian: iproute2)") from None
    except subprocess.CalledProcessError as error:
        raise NotPermittedError(f"ip link set lo up: {error.stderr.strip()}") from None
