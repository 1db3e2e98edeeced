"""A folder on a file system that is full, or read-only, gets everything once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.delivery.conftest import Outbox, Post

from node.doctor import delivery


def _doctor(outbox: Outbox) -> str:
    (check,) = delivery.destinations(outbox.settings)
    return f"{check.verdict}: {check.text}"


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("this process may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_waited_for(post: Post, volume: Path) -> None:
    outbox = post({"kind": "folder", "path": volume})
    ballast = volume / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    outbox.run()
    (row,) = outbox.deliveries
    assert row.state == "pending"
    assert "No space left" in outbox.trouble
    assert [path for path in volume.rglob("*") if path.is_file()] == [ballast]
    assert _doctor(outbox).startswith(f"failed: {volume} cannot be written: No space left")
    ballast.unlink()
    outbox.again()
    assert outbox.confirmed == [("delivered", "folder")]
    assert outbox.study.state == "done"
    assert (volume / "1.2.3" / "1.2.3.1.0.dcm").read_bytes() == (
        outbox.settings.data_dir / "results" / "seg.dcm"
    ).read_bytes()
    assert _doctor(outbox) == f"ok: {volume} can be written"


def test_a_read_only_folder_is_waited_for(post: Post, volume: Path) -> None:
    outbox = post({"kind": "folder", "path": volume})
    subprocess.run(["mount", "-o", "remount,ro", str(volume)], check=True)
    outbox.run()
    assert outbox.confirmed == [("pending", None)]
    assert "Read-only file system" in outbox.trouble
    assert "Read-only file system" in _doctor(outbox)
    subprocess.run(["mount", "-o", "remount,rw", str(volume)], check=True)
    outbox.again()
    assert outbox.confirmed == [("delivered", "folder")]
