"""A folder as a destination."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node.delivery.folder import Folder
from node.delivery.objects import Outgoing
from node.errors import TransientDeliveryError
from node.settings import FolderDestination

Make = Callable[..., list[Outgoing]]


def to(path: Path) -> Folder:
    return Folder(FolderDestination(name="out", kind="folder", path=path))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_an_object_is_written_once_and_the_same_again_is_no_matter(outgoing: Make, out: Path) -> None:
    (item,) = outgoing("CT")
    for _ in range(2):
        (receipt,) = to(out).send([item])
        assert (receipt.verdict, receipt.by) == ("delivered", "folder")
    (file,) = out.rglob("*.dcm")
    assert file.read_bytes() == item.path.read_bytes()


def test_other_content_is_not_overwritten(outgoing: Make, out: Path) -> None:
    (item,) = outgoing("CT")
    list(to(out).send([item]))
    (file,) = out.rglob("*.dcm")
    file.write_bytes(b"another's")
    (receipt,) = to(out).send([item])
    assert receipt.verdict == "refused"
    assert "is there with other content" in (receipt.text or "")
    assert file.read_bytes() == b"another's"


def test_a_folder_that_is_not_mounted_is_not_made(outgoing: Make, tmp_path: Path) -> None:
    with pytest.raises(TransientDeliveryError, match=r"out: .*/out is not there; is it mounted"):
        list(to(tmp_path / "out").send(outgoing("CT")))
    assert not (tmp_path / "out").exists()


def test_what_a_kill_left_is_no_obstacle(outgoing: Make, out: Path) -> None:
    (item,) = outgoing("CT")
    (out / "1.2.3").mkdir()
    (out / "1.2.3" / f".{item.sop_instance_uid}.dcm.part").write_bytes(b"half")
    assert [r.verdict for r in to(out).send([item])] == ["delivered"]
    assert [path.name for path in (out / "1.2.3").iterdir()] == [f"{item.sop_instance_uid}.dcm"]


def test_a_file_that_cannot_be_read_is_refused(outgoing: Make, out: Path) -> None:
    gone, whole = outgoing("CT", "CT")
    gone.path.unlink()
    receipts = list(to(out).send([gone, whole]))
    assert [r.verdict for r in receipts] == ["refused", "delivered"]
    assert receipts[0].text == "0.dcm cannot be read: No such file or directory"
