"""C-STORE against a real SCP: each object's status is judged for itself."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from archive import ABORT, SILENT, archive
from forgotten import FORGOTTEN_SOCKET
from pydicom import dcmread
from pydicom.uid import CTImageStorage
from pynetdicom import AllStoragePresentationContexts

from node.delivery.cstore import CStore
from node.delivery.objects import Outgoing, Receipt
from node.errors import TransientDeliveryError
from node.settings import CStoreDestination

Make = Callable[..., list[Outgoing]]


def to(port: int, **values: object) -> CStore:
    given = {
        "name": "pacs",
        "ae_title": "ARCHIVE",
        "host": "127.0.0.1",
        "port": port,
        "timeout_s": 5,
        **values,
    }
    return CStore(CStoreDestination.model_validate(given), "NODE")


def test_a_batch_takes_one_association_with_a_context_per_transfer_syntax(outgoing: Make) -> None:
    with archive() as there:
        receipts = list(to(there.port).send(outgoing("CT", "CT", "MR")))
        assert [r.verdict for r in receipts] == ["delivered"] * 3
        assert [d.SOPInstanceUID for d in there.received] == ["1.2.3.1.0", "1.2.3.1.1", "1.2.3.1.2"]
        (association,) = there.associations
        assert [len(c.transfer_syntax) for c in association.requestor.requested_contexts] == [1, 1]


def test_nagle_is_off(outgoing: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    with archive() as there:
        destination = to(there.port)
        sending = destination.send(outgoing("CT", "CT"))
        next(sending)
        (mine,) = destination._entity.active_associations
        option = mine.dul.socket.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        seen.append(option)
        sending.close()
    assert seen == [1]


def test_closing_midway_releases_the_association(outgoing: Make) -> None:
    with archive() as there:
        sending = to(there.port).send(outgoing("CT", "CT"))
        assert next(sending).verdict == "delivered"
        sending.close()
        there.associations[0].join(5)
        assert there.associations[0].is_released
        assert len(there.received) == 1


def test_a_sop_class_that_is_not_accepted_is_refused_and_the_rest_is_sent(outgoing: Make) -> None:
    with archive(sop_classes=[CTImageStorage]) as there:
        receipts = list(to(there.port).send(outgoing("MR", "CT")))
    assert [r.verdict for r in receipts] == ["unsupported", "delivered"]
    assert "1.2.840.10008.5.1.4.1.1.4 is not accepted by ARCHIVE" in receipts[0].text


def test_each_status_is_judged(outgoing: Make) -> None:
    with archive(statuses=[0xA700, 0xB000, 0xA900, 0xC001]) as there:
        receipts = list(to(there.port).send(outgoing("CT", "CT", "CT", "CT", "CT")))
    assert [r.verdict for r in receipts] == ["deferred", "delivered", "unsupported", "refused", "delivered"]
    assert receipts[0].text == "status 0xA700"


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_a_peer_that_is_not_there_is_worth_another_attempt(outgoing: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientDeliveryError, match=f"pacs: ARCHIVE at 127.0.0.1:{port} cannot be reached"):
        list(to(port).send(outgoing("CT")))


def test_a_rejection_says_why(outgoing: Make) -> None:
    with (
        archive() as there,
        pytest.raises(TransientDeliveryError, match=r"rejects our association: .*Called AE"),
    ):
        list(to(there.port, ae_title="OTHER").send(outgoing("CT")))


def test_a_peer_that_never_answers_is_given_up_in_time(outgoing: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        destination = to(silent.getsockname()[1], timeout_s=0.3)
        with pytest.raises(TransientDeliveryError, match="has not answered"):
            list(destination.send(outgoing("CT")))


@pytest.mark.parametrize("instead", [ABORT, SILENT])
def test_an_association_that_breaks_midway_keeps_what_was_confirmed(outgoing: Make, instead: int) -> None:
    with archive(statuses=[0x0000, instead]) as there:
        sending = to(there.port, timeout_s=0.5).send(outgoing("CT", "CT", "CT"))
        assert next(sending) == Receipt(0, "delivered")
        with pytest.raises(TransientDeliveryError, match=r"has not answered within 0.5 s, or has aborted"):
            next(sending)
        assert len(there.associations) == 1


def test_where_nothing_is_accepted_everything_is_refused(outgoing: Make) -> None:
    with archive(sop_classes=[CTImageStorage]) as there:
        receipts = list(to(there.port).send(outgoing("MR", "MR")))
    assert [r.verdict for r in receipts] == ["unsupported", "unsupported"]


def test_more_contexts_than_an_association_has_take_several(outgoing: Make) -> None:
    items = outgoing(*["CT"] * 130)
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts[:130]]
    for number, (item, sop_class) in enumerate(zip(items, classes, strict=True)):
        found = dcmread(item.path)
        found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = sop_class
        found.save_as(item.path)
        items[number] = replace(item, sop_class_uid=sop_class)
    with archive(sop_classes=classes) as there:
        receipts = list(to(there.port).send(items))
        assert [len(one.accepted_contexts) for one in there.associations] == [128, 2]
    assert {r.delivery_id for r in receipts if r.verdict == "delivered"} == set(range(130))


def test_a_file_that_cannot_be_read_is_refused_and_the_rest_is_sent(outgoing: Make) -> None:
    gone, torn, whole = outgoing("CT", "CT", "CT")
    gone.path.unlink()
    torn.path.write_bytes(b"torn")
    with archive() as there:
        receipts = list(to(there.port).send([gone, torn, whole]))
        assert list(to(there.port).send([gone])) == receipts[:1]
    assert receipts == [
        Receipt(0, "refused", "0.dcm cannot be read: No such file or directory"),
        Receipt(1, "refused", "1.dcm cannot be read: not a DICOM file"),
        Receipt(2, "delivered"),
    ]


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_a_name_that_nobody_knows_is_worth_another_attempt(outgoing: Make) -> None:
    destination = to(104, host="no-such-host.invalid")
    with pytest.raises(TransientDeliveryError, match="cannot be reached"):
        list(destination.send(outgoing("CT")))
