"""The demonstration's archive, modality and folder."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from phantoms.slices import Stack, save
from pydicom import dcmread

from node.demo.archive import AE_TITLE, Archive
from node.demo.push import push
from node.demo.scenario import MARK, _clear
from node.doctor.network import echo
from node.errors import ConfigurationError, NodeError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def archive(folder: Path) -> Iterator[Archive]:
    with Archive(folder) as archive:
        yield archive


def test_archive_answers_an_echo_to_its_own_title_only(archive: Archive) -> None:
    assert echo("TEST", AE_TITLE, "127.0.0.1", archive.port, 10) is None
    assert "rejected" in (echo("TEST", "OTHER", "127.0.0.1", archive.port, 10) or "")


def test_archive_keeps_what_is_pushed(archive: Archive, folder: Path, tmp_path: Path) -> None:
    files = save(Stack(slices=3).instances(), tmp_path)
    counts: list[int] = []
    push(files, AE_TITLE, archive.port, counts.append)
    assert counts == [1, 2, 3]
    kept = {dcmread(path).SOPInstanceUID for path in folder.glob("CT_*.dcm")}
    assert kept == {dcmread(path).SOPInstanceUID for path in files}
    assert not list(folder.glob("*.part"))


def test_push_says_who_does_not_answer(archive: Archive, tmp_path: Path) -> None:
    files = save(Stack(slices=1).instances(), tmp_path)
    with pytest.raises(NodeError, match="OTHER on port"):
        push(files, "OTHER", archive.port, print)


def test_archive_ends_with_its_parent_s_hold_on_it(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        port = archive.port
        archive._pipe.close()  # what the kernel does when the parent dies
        archive._process.join(10)
        assert archive._process.exitcode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def test_folder_of_an_earlier_demonstration_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    _clear(tmp_path)
    assert (tmp_path / MARK).exists()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "old.dcm").touch()
    (tmp_path / "mine.txt").touch()
    _clear(tmp_path)
    assert not (tmp_path / "results").exists()
    assert (tmp_path / "mine.txt").exists()


def test_folder_with_somebody_s_results_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with pytest.raises(ConfigurationError, match="not from a demonstration"):
        _clear(tmp_path)
    assert (tmp_path / "results").exists()
