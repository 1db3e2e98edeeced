"""Power loss: what the disk had not been asked to keep is gone; what was acknowledged is not.

ext4 on a loop device is shut down as a power cut would end it (EXT4_IOC_SHUTDOWN, the journal
not flushed: everything that was not synced is lost), unmounted and mounted again.
"""

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from integration.serving import settings
from served import Serve
from soak import truth
from soak.load import Acknowledged, Sender, plan
from waiting import wait_until

from node import engine as database
from node.receiver import Receiver

RUNS = 6
SENDERS = 4
ENOUGH = 120  #: acknowledged objects before the cut
OBJECTS, BYTES = 60, 256 << 10
DISK_BYTES = 512 << 20
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
MNT_DETACH = 2

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


def test_power_cut(tmp_path: Path, serve: Serve, scale: float, note: dict[str, object]) -> None:
    runs = max(1, round(RUNS * scale))
    acknowledged, lost, rows_kept = 0, 0, 0
    for number in range(runs):
        answered, gone, rows = _run(tmp_path / str(number), serve)
        acknowledged, lost, rows_kept = acknowledged + answered, lost + gone, rows_kept + rows
    note |= {
        "power cuts": runs,
        "objects acknowledged before": acknowledged,
        "of these in the index before it was rebuilt": rows_kept,
        "acknowledged objects lost or altered": lost,
    }
    assert acknowledged >= ENOUGH * runs
    assert lost == 0


def _run(folder: Path, serve: Serve) -> tuple[int, int, int]:
    """Return how many objects were acknowledged, are lost after all, and had a row afterwards."""
    folder.mkdir()
    plans = [plan(f"1.3.{number}", OBJECTS, BYTES) for number in range(SENDERS * 8)]
    acknowledged = Acknowledged()
    with _disk(folder) as (mounted, cut):
        given = settings(mounted / "node", web={"enabled": False})
        node = serve(given, "tally", "receiver")
        port = node.port
        senders = [
            Sender(number, plans[number::SENDERS], lambda: port, acknowledged) for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        wait_until(lambda: len(acknowledged.digests) >= ENOUGH)
        before = dict(acknowledged.digests)  # a success that comes after this line proves nothing
        cut()
        node.process.kill()
        node.process.wait()
        for sender in senders:
            sender.enough()
    with _mounted(folder) as mounted:
        engine = database.create(given)
        with ExitStack() as stack:
            stack.callback(engine.dispose)
            rows = len(before) - len(truth.without_row(engine, before))
            with Receiver(given, engine):
                gone = truth.lost(given.data_dir, engine, before)
    return len(before), len(gone), rows


@contextmanager
def _disk(folder: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Make and mount a disk; give its mount point and what cuts its power."""
    with (folder / "disk").open("wb") as image:
        image.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", folder / "disk"], check=True)
    with _mounted(folder) as mounted:

        def cut() -> None:
            descriptor = os.open(mounted, os.O_RDONLY)
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
            os.close(descriptor)

        yield mounted, cut


@contextmanager
def _mounted(folder: Path) -> Iterator[Path]:
    point = folder / "mounted"
    point.mkdir(exist_ok=True)
    command = ["mount", "-o", "loop", folder / "disk", point]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no loop device can be mounted here: {done.stderr.strip()}")
    try:
        yield point
    finally:
        _unmount(point)


def _unmount(point: Path) -> None:
    """Unmount, once the kernel has let go of what the dead process had open; whatever happens, do unmount."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        wait_until(lambda: libc.umount2(str(point).encode(), 0) == 0)
    except AssertionError:
        libc.umount2(str(point).encode(), MNT_DETACH)
        raise
