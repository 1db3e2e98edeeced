import errno
import os
from pathlib import Path

import pytest

from node import durable
from node.errors import OutOfSpace, StoreError


def test_data_then_name_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    for name in ("fdatasync", "rename", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name: (order.append(name), real(*args))[1]
        )
    durable.write(tmp_path / "a.part", tmp_path / "a", [b"one", memoryview(b"two")])
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    assert order == ["fdatasync", "rename", "fsync"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    durable.write(tmp_path / "a.part", tmp_path / "a", [b"0123456789"])
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.mark.parametrize("call", ["write", "fdatasync", "rename"])
@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, OutOfSpace), (errno.EDQUOT, OutOfSpace), (errno.EIO, StoreError)]
)
def test_a_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, kind: type[StoreError]
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(kind, match=os.strerror(code)) as caught:
        durable.write(tmp_path / "a.part", tmp_path / "a", [b"x"])
    assert type(caught.value) is kind
    assert list(tmp_path.iterdir()) == []


def test_sweeping_removes_parts_only(tmp_path: Path) -> None:
    (tmp_path / "a.part").touch()
    (tmp_path / "b.dcm").touch()
    assert durable.sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["b.dcm"]
