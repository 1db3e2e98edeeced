import errno
import hashlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from sqlalchemy import Engine, select

from node.db import Event, Instance, Refusal, Result, Series, Study
from node.engine import readers, sessions
from node.fileformat import data_set_offset
from node.receiver import Receiver
from node.settings import Settings

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG_2000 = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.90"
SUCCESS = 0x0000

Connect = Callable[..., Any]
Make = Callable[..., bytes]


@pytest.fixture
def rows(receiver: Receiver, engine: Engine) -> Callable[[type], list[Any]]:
    """Return the reader of all rows of a table, once everything acknowledged is in the index."""

    def read(table: type) -> list[Any]:
        assert receiver.flush(10)
        with readers(engine)() as session:
            return list(session.scalars(select(table).order_by(table.id)))  # type: ignore[attr-defined]

    return read


def _body(path: Path) -> bytes:
    data = path.read_bytes()
    return data[data_set_offset(memoryview(data)) :]


def test_an_instance_is_stored_as_it_came_and_indexed(
    connect: Connect, data_set: Make, settings: Settings, rows: Callable[[type], list[Any]]
) -> None:
    data = data_set("1.2.3.4.1")
    with connect() as peer:
        assert peer.store(data, "1.2.3.4.1") == SUCCESS
        assert peer.echo() == SUCCESS
        peer.release()
    (study,), (series,), (instance,) = rows(Study), rows(Series), rows(Instance)
    stored = settings.data_dir / instance.path
    assert _body(stored) == data
    assert instance.sha256 == hashlib.sha256(data).hexdigest()
    assert instance.size == stored.stat().st_size
    assert (instance.sop_class_uid, instance.transfer_syntax_uid) == (CT, EXPLICIT)
    assert instance.calling_ae == "PEER"
    assert series.modality == "CT"
    assert (study.study_instance_uid, study.state, study.revision) == ("1.2.3", "receiving", 1)
    assert dcmread(stored).PatientID == "4711"


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, JPEG_2000, DEFLATED])
def test_every_transfer_syntax_is_stored_as_received(
    connect: Connect,
    data_set: Make,
    settings: Settings,
    rows: Callable[[type], list[Any]],
    transfer_syntax: str,
) -> None:
    data = data_set("1.2.3.4.1", transfer_syntax)
    if transfer_syntax == DEFLATED:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = deflater.compress(data) + deflater.flush()
    with connect(contexts=((CT, transfer_syntax),)) as peer:
        assert peer.store(data, "1.2.3.4.1") == SUCCESS
    (instance,) = rows(Instance)
    assert instance.transfer_syntax_uid == transfer_syntax
    assert _body(settings.data_dir / instance.path) == data
    with (settings.data_dir / instance.path).open("rb") as file:
        assert dcmread(file, stop_before_pixels=True).file_meta.TransferSyntaxUID == transfer_syntax


@pytest.mark.parametrize(
    ("uid", "changes", "status"),
    [
        ("1.2.9", {}, 0xA900),  # the data set says 1.2.3.4.1
        ("../../escape", {}, 0xA900),
        ("1.2." + "3" * 76, {}, 0xA900),
        ("1.2.abc", {"SOPInstanceUID": "1.2.abc"}, 0xA900),
        ("1.2.3.4.1", {"SOPInstanceUID": None}, 0xA900),
        ("1.2.3.4.1", {"SOPClassUID": MR}, 0xA900),
        ("1.2.3.4.1", {"StudyInstanceUID": "../../etc/cron.d/x"}, 0xA900),
        ("1.2.3.4.1", {"StudyInstanceUID": None}, 0xC000),
        ("1.2.3.4.1", {"SeriesInstanceUID": None}, 0xC000),
    ],
)
@pytest.mark.filterwarnings("ignore:.*UI.*:UserWarning")
def test_wrong_identifiers_are_answered_and_recorded(
    connect: Connect,
    data_set: Make,
    settings: Settings,
    rows: Callable[[type], list[Any]],
    uid: str,
    changes: dict[str, Any],
    status: int,
) -> None:
    data = data_set("1.2.3.4.1", **changes)
    with connect() as peer:
        assert peer.store(data, uid) == status
        assert peer.echo() == SUCCESS
    (refusal,) = rows(Refusal)
    assert refusal.status == status
    assert refusal.reason
    assert rows(Instance) == []
    assert list(settings.data_dir.rglob("*.dcm")) == []


@pytest.mark.parametrize("data", [os.urandom(20_000), b"GIF89a" * 50, b""], ids=["random", "gif", "empty"])
def test_what_is_no_data_set_is_answered_with_cannot_understand(
    connect: Connect, rows: Callable[[type], list[Any]], data: bytes
) -> None:
    with connect() as peer:
        assert peer.store(data, "1.2.3.4.1") == 0xC000
        assert peer.echo() == SUCCESS
    assert [refusal.status for refusal in rows(Refusal)] == [0xC000]


def test_a_class_that_the_context_does_not_carry_is_not_supported(connect: Connect, data_set: Make) -> None:
    with connect(contexts=((CT, EXPLICIT), (MR, EXPLICIT))) as peer:
        assert peer.store(data_set("1.2.3.4.1", SOPClassUID=MR), "1.2.3.4.1", MR, context=1) == 0x0122
        assert peer.store(data_set("1.2.3.4.1", SOPClassUID=MR), "1.2.3.4.1", MR, context=3) == SUCCESS


def test_the_same_instance_again_is_a_success_without_effect(
    connect: Connect, data_set: Make, rows: Callable[[type], list[Any]]
) -> None:
    for _ in range(3):
        with connect() as peer:
            assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == SUCCESS
    assert len(rows(Instance)) == 1
    assert rows(Refusal) == []


def test_another_content_under_the_same_uid_is_kept_apart(
    connect: Connect, data_set: Make, settings: Settings, rows: Callable[[type], list[Any]]
) -> None:
    other = data_set("1.2.3.4.1", PatientName="SOMEBODY^ELSE")
    with connect() as peer:
        assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == SUCCESS
        assert peer.store(other, "1.2.3.4.1") == SUCCESS
        assert peer.store(other, "1.2.3.4.1") == SUCCESS
    (refusal,), (instance,) = rows(Refusal), rows(Instance)
    assert "kept apart" in refusal.reason
    assert _body(settings.data_dir / refusal.path) == other
    assert _body(settings.data_dir / instance.path) == data_set("1.2.3.4.1")


def _analysed(engine: Engine) -> None:
    with sessions(engine).begin() as session:
        study = Study(study_instance_uid="1.2.3", state="done", revision=1)
        session.add(study)
        session.flush()
        session.add(
            Result(
                study_id=study.id,
                revision=1,
                kind="seg",
                sop_class_uid=SEG,
                sop_instance_uid="2.25.7",
                path="r",
            )
        )


def test_an_own_result_that_comes_back_is_recognised_and_ignored(
    connect: Connect, data_set: Make, engine: Engine, rows: Callable[[type], list[Any]]
) -> None:
    _analysed(engine)
    with connect(contexts=((SEG, EXPLICIT),)) as peer:
        assert peer.store(data_set("2.25.7", SOPClassUID=SEG), "2.25.7", SEG) == SUCCESS
    (event,), (study,) = rows(Event), rows(Study)
    assert event.name == "own_result_ignored"
    assert event.detail == {"sop_instance_uid": "2.25.7", "calling_ae": "PEER"}
    assert (study.state, study.revision) == ("done", 1)
    assert rows(Instance) == []


def test_the_seg_of_another_system_is_stored_and_opens_nothing(
    connect: Connect, data_set: Make, engine: Engine, rows: Callable[[type], list[Any]]
) -> None:
    _analysed(engine)
    with connect(contexts=((SEG, EXPLICIT),)) as peer:
        assert peer.store(data_set("2.25.8", SOPClassUID=SEG), "2.25.8", SEG) == SUCCESS
    assert [instance.sop_instance_uid for instance in rows(Instance)] == ["2.25.8"]
    assert [(study.state, study.revision) for study in rows(Study)] == [("done", 1)]


def test_a_late_image_opens_a_finished_study_again(
    connect: Connect, data_set: Make, engine: Engine, rows: Callable[[type], list[Any]]
) -> None:
    _analysed(engine)
    with connect() as peer:
        assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == SUCCESS
    (study,) = rows(Study)
    assert (study.state, study.revision) == ("receiving", 2)
    assert study.complete_after is not None
    assert [(event.name, event.revision) for event in rows(Event)] == [("instance", 2)]


@pytest.mark.parametrize(
    ("code", "status"), [(errno.ENOSPC, 0xA700), (errno.EDQUOT, 0xA700), (errno.EIO, 0x0110)]
)
def test_a_failing_disk_is_answered_and_the_object_can_be_sent_again(
    connect: Connect,
    data_set: Make,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    status: int,
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with connect() as peer:
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", fail)
            assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == status
            assert list((settings.data_dir / "incoming").iterdir()) == []
            assert peer.echo() == SUCCESS
        assert peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1") == SUCCESS


def test_success_is_said_after_data_name_and_folder_are_on_the_disk(
    connect: Connect, data_set: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    for name in ("fdatasync", "rename"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name: (order.append(name), real(*args))[1]
        )
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        order.append(f"fsync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with connect() as peer:
        peer.store(data_set("1.2.3.4.1"), "1.2.3.4.1")
        shard = hashlib.sha256(b"1.2.3.4.1").hexdigest()[:2]
        assert order == ["fsync objects", "fdatasync", "rename", f"fsync {shard}"]


def test_an_abort_in_the_middle_of_an_object_leaves_nothing(
    connect: Connect, data_set: Make, settings: Settings, rows: Callable[[type], list[Any]]
) -> None:
    with connect() as peer:
        peer.send_store(data_set("1.2.3.4.1"), "1.2.3.4.1", piece=100)
        assert peer.status() == SUCCESS
        peer.socket.sendall(peer._command(1, CT, 0x0001, 0x0000, "1.2.3.4.2"))
        peer.abort()
    with connect() as peer:
        assert peer.echo() == SUCCESS
    assert len(rows(Instance)) == 1
    assert list((settings.data_dir / "incoming").iterdir()) == []
