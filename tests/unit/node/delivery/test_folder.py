"""A folder as a destination."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node.delivery.folder import Folder
from node.delivery.objects import Outgoing
from node.errors import TransientDeliveryError
from node.settings import Destination

Make = Callable[..., list[Outgoing]]


def to(path: Path) -> Folder:
    return Folder(Destination.model_validate({"name": "out", "kind": "folder", "path": path}), "NODE")


def test_an_object_is_written_once_and_the_same_again_is_no_matter(outgoing: Make, tmp_path: Path) -> None:
    (item,) = outgoing("CT")
    for _ in range(2):
        (receipt,) = to(tmp_path / "out").send([item])
        assert (receipt.verdict, receipt.by) == ("delivered", "folder")
    (file,) = (tmp_path / "out").rglob("*.dcm")
    assert file.read_bytes() == item.path.read_bytes()


def test_other_content_is_not_overwritten(outgoing: Make, tmp_path: Path) -> None:
    (item,) = outgoing("CT")
    list(to(tmp_path / "out").send([item]))
    (file,) = (tmp_path / "out").rglob("*.dcm")
    file.write_bytes(b"another's")
    (receipt,) = to(tmp_path / "out").send([item])
    assert receipt.verdict == "refused"
    assert "is there with other content" in (receipt.text or "")
    assert file.read_bytes() == b"another's"


def test_a_folder_that_cannot_be_made_is_tried_again(outgoing: Make, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(TransientDeliveryError, match=r"out: .*cannot be written"):
        list(to(tmp_path / "out").send(outgoing("CT")))
