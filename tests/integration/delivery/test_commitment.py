"""What a destination took is confirmed: by a report, by C-FIND, or by the C-STORE's success alone."""

from pathlib import Path

import pytest
from forgotten import FORGOTTEN_SOCKET
from integration.delivery.conftest import Post
from integration.delivery.pacs import COMMITMENT, FIND, Pacs, running

from node import engine as database
from node.delivery import commitments
from node.delivery.courier import Courier
from node.settings import FolderDestination


def to(pacs: Pacs, commitment: str = "storage-commitment", **values: object) -> dict[str, object]:
    given = {"ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port, "commitment": commitment}
    return {**given, "commitment_wait_s": 0.5, **values}


def test_a_report_on_the_association_that_asked(post: Post) -> None:
    with running(COMMITMENT, FIND) as pacs:
        outbox = post(to(pacs, commitment_wait_s=10), "seg", "risk_sr")
        outbox.run()
        assert outbox.confirmed == [("delivered", "commitment")] * 2
        assert [uids for _, uids in pacs.requests] == [["1.2.3.1.0", "1.2.3.1.1"]]
        assert pacs.queries == 0
    assert outbox.study.state == "done"


def test_an_object_that_was_lost_is_sent_again_and_asked_for_anew(post: Post) -> None:
    with running(COMMITMENT, FIND, loses=1) as pacs:
        outbox = post(to(pacs, commitment_wait_s=10), "seg", "risk_sr")
        outbox.run()
        assert outbox.confirmed == [("pending", None), ("delivered", "commitment")]
        assert outbox.deliveries[0].error == "storage commitment: 0x0112, no such object instance"
        assert outbox.study.state == "delivering"
        outbox.again()
        assert outbox.confirmed == [("delivered", "commitment")] * 2
        assert pacs.stored == ["1.2.3.1.0", "1.2.3.1.1", "1.2.3.1.0"]
        (first, _), (second, uids) = pacs.requests
        assert (first != second, uids) == (True, ["1.2.3.1.0"])
    assert outbox.study.state == "done"


def test_without_a_report_c_find_tells(post: Post) -> None:
    with running(COMMITMENT, FIND, reports=False) as pacs:
        outbox = post(to(pacs))
        outbox.run()
        assert outbox.confirmed == [("delivered", "c-find")]
        assert len(pacs.requests) == 1
    assert outbox.study.state == "done"


def test_a_report_that_comes_an_hour_later_still_counts(post: Post) -> None:
    with running(COMMITMENT, reports=False) as pacs:
        outbox = post(to(pacs))
        outbox.run()
        outbox.again()
        assert outbox.confirmed == [("sent", None)]
        assert outbox.deliveries[0].error == "no report of the storage commitment yet"
        ((transaction, uids),) = pacs.requests  # it was not asked for again
        with database.sessions(outbox.engine).begin() as session:
            assert commitments.record_report(session, transaction, uids, {})
        outbox.run()  # without waiting for the end of the pause
        assert pacs.stored == uids
    assert outbox.confirmed == [("delivered", "commitment")]
    assert outbox.study.state == "done"


def test_a_report_that_never_comes_is_asked_for_anew(post: Post) -> None:
    with running(COMMITMENT, reports=False) as pacs:
        outbox = post(to(pacs, commitment_again_s=0.001))
        outbox.run()
        outbox.again()
        assert len({transaction for transaction, _ in pacs.requests}) == 2
        assert len(pacs.stored) == 1


def test_a_request_that_is_not_taken_is_made_again(post: Post) -> None:
    with running(COMMITMENT, action_statuses=[0x0110]) as pacs:
        outbox = post(to(pacs, commitment_wait_s=10))
        outbox.run()
        assert outbox.confirmed == [("sent", None)]
        outbox.again()
        assert len({transaction for transaction, _ in pacs.requests}) == 2
    assert outbox.confirmed == [("delivered", "commitment")]


@pytest.mark.parametrize(
    ("services", "commitment", "by", "remark"),
    [
        ([FIND], "storage-commitment", "c-find", None),
        ([FIND], "c-find", "c-find", None),
        ([COMMITMENT, FIND], "c-find", "c-find", None),
        ([], "storage-commitment", "c-store", "the destination offers neither commitment nor C-FIND"),
        ([], "c-find", "c-store", "the destination offers neither commitment nor C-FIND"),
        ([COMMITMENT, FIND], "none", "c-store", None),
    ],
)
def test_what_a_destination_does_not_offer_falls_back(
    post: Post, services: list[str], commitment: str, by: str, remark: str | None
) -> None:
    with running(*services) as pacs:
        outbox = post(to(pacs, commitment))
        outbox.run()
        assert pacs.requests == []
    assert outbox.confirmed == [("delivered", by)]
    assert outbox.deliveries[0].error == remark
    assert outbox.study.state == "done"


def test_what_c_find_does_not_find_is_sent_again(post: Post) -> None:
    with running(FIND, loses=1) as pacs:
        outbox = post(to(pacs, "c-find", commitment_wait_s=0))
        outbox.run()
        assert outbox.confirmed == [("pending", None)]
        outbox.again()
        assert pacs.stored == ["1.2.3.1.0"] * 2
    assert outbox.confirmed == [("delivered", "c-find")]


def test_what_c_find_does_not_find_yet_is_not_sent_again_at_once(post: Post) -> None:
    with running(FIND, loses=1) as pacs:
        outbox = post(to(pacs, "c-find", commitment_wait_s=600))
        outbox.run()
        assert outbox.confirmed == [("sent", None)]
        pacs.kept.add("1.2.3.1.0")  # it was only slow
        outbox.again()
        assert pacs.stored == ["1.2.3.1.0"]
    assert outbox.confirmed == [("delivered", "c-find")]


def test_a_c_find_that_fails_confirms_nothing(post: Post) -> None:
    with running(FIND, find_statuses=[0xA700]) as pacs:
        outbox = post(to(pacs, "c-find"))
        outbox.run()
        assert outbox.confirmed == [("sent", None)]
        outbox.again()
    assert outbox.confirmed == [("delivered", "c-find")]


@pytest.mark.filterwarnings(FORGOTTEN_SOCKET)
def test_a_pacs_that_is_gone_before_it_confirms_is_asked_when_it_is_back(post: Post) -> None:
    with running(COMMITMENT, reports=False) as pacs:
        outbox = post(to(pacs, commitment_again_s=0.001))
        outbox.run()
    outbox.again()
    (row,) = outbox.deliveries
    assert (row.state, row.transaction_uid) == ("sent", None)
    assert outbox.study.state == "delivering"


def test_what_waits_for_a_destination_that_has_become_a_folder_is_written_there(
    post: Post, tmp_path: Path
) -> None:
    with running(COMMITMENT, reports=False) as pacs:
        outbox = post(to(pacs))
        outbox.run()
    assert outbox.confirmed == [("sent", None)]
    folder = FolderDestination(name="to", kind="folder", path=tmp_path)
    outbox.courier = Courier(outbox.settings, folder, outbox.engine, "test")
    outbox.again()
    outbox.again()
    assert outbox.confirmed == [("delivered", "folder")]
    assert (tmp_path / "1.2.3" / "1.2.3.1.0.dcm").exists()
