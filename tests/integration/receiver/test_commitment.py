"""Storage commitment: peers ask for what they sent, and hear of it on either kind of association."""

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dicom_peer import CT
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from sqlalchemy import Engine, select
from waiting import wait_until

from node import engine as database
from node.db import Commitment
from node.receiver import Receiver
from node.settings import Settings

Reports = queue.Queue[tuple[int, Dataset]]


@pytest.fixture
def reports() -> Iterator[tuple[Reports, int]]:
    """A peer that takes reports: what came, and its port."""
    came: Reports = queue.Queue()
    entity = AE("MODALITY")
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, _taking(came))]
    )
    yield came, server.server_address[1]
    server.shutdown()


def _taking(came: Reports) -> Callable[[Any], tuple[int, None]]:
    def take(event: Any) -> tuple[int, None]:
        came.put((event.event_type, event.event_information))
        return 0x0000, None

    return take


def _ask(port: int, *uids: str, transaction: str | None = None, sop_class: str = CT, **given: Any) -> Any:
    """Ask for commitment; return the status and the open association."""
    entity = AE("MODALITY")
    entity.add_requested_context(StorageCommitmentPushModel)
    association = entity.associate("127.0.0.1", port, ae_title="LUMBARNODE", **given)
    assert association.is_established
    request = Dataset()
    request.TransactionUID = transaction or generate_uid()
    request.ReferencedSOPSequence = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        request.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(
        request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return status.Status, association


def _peers(port: int) -> dict[str, Any]:
    return {"peers": [{"ae_title": "MODALITY", "host": "127.0.0.1", "port": port}, {"ae_title": "PEER"}]}


@pytest.fixture
def committing(
    settings_of: Callable[..., Settings],
    engine: Engine,
    reports: tuple[Reports, int],
    associate: type[Any],
    data_set: Callable[..., bytes],
) -> Iterator[Receiver]:
    """A receiver that knows the peer's port and holds 1.2.3.4.1 and 1.2.3.4.2."""
    with Receiver(settings_of(**_peers(reports[1])), engine) as receiver:
        with associate(receiver.port) as peer:
            for uid in ("1.2.3.4.1", "1.2.3.4.2"):
                assert peer.store(data_set(uid), uid) == 0x0000
            peer.release()
        assert receiver.flush(20)
        yield receiver


def _refs(report: Dataset, keyword: str) -> list[str]:
    return [str(item.ReferencedSOPInstanceUID) for item in report.get(keyword) or ()]


def test_what_is_safe_is_committed_on_a_new_association(
    committing: Receiver, reports: tuple[Reports, int]
) -> None:
    status, association = _ask(committing.port, "1.2.3.4.1", "1.2.3.4.2", transaction="1.2.99")
    association.release()
    assert status == 0x0000
    kind, report = reports[0].get(timeout=20)
    assert (kind, str(report.TransactionUID)) == (1, "1.2.99")
    assert _refs(report, "ReferencedSOPSequence") == ["1.2.3.4.1", "1.2.3.4.2"]
    assert "FailedSOPSequence" not in report


def test_what_is_not_there_fails_with_its_reason(committing: Receiver, reports: tuple[Reports, int]) -> None:
    _, association = _ask(committing.port, "1.2.3.4.1", "9.9.9")
    association.release()
    kind, report = reports[0].get(timeout=20)
    assert kind == 2
    assert _refs(report, "ReferencedSOPSequence") == ["1.2.3.4.1"]
    (failed,) = report.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("9.9.9", 0x0112)


def test_a_file_that_has_gone_is_not_committed(
    committing: Receiver, reports: tuple[Reports, int], settings: Settings
) -> None:
    for path in (settings.data_dir / "objects").rglob("*.dcm"):
        path.unlink()
    _, association = _ask(committing.port, "1.2.3.4.1")
    association.release()
    kind, report = reports[0].get(timeout=20)
    assert (kind, report.FailedSOPSequence[0].FailureReason) == (2, 0x0112)


def test_another_class_is_a_conflict(committing: Receiver, reports: tuple[Reports, int]) -> None:
    _, association = _ask(committing.port, "1.2.3.4.1", sop_class="1.2.840.10008.5.1.4.1.1.4")
    association.release()
    _, report = reports[0].get(timeout=20)
    assert report.FailedSOPSequence[0].FailureReason == 0x0119


def test_without_a_port_the_report_comes_on_the_same_association(receiver: Receiver) -> None:
    came: Reports = queue.Queue()
    status, association = _ask(receiver.port, "9.9.9", evt_handlers=[(evt.EVT_N_EVENT_REPORT, _taking(came))])
    assert status == 0x0000
    kind, report = came.get(timeout=20)
    assert (kind, _refs(report, "FailedSOPSequence")) == (2, ["9.9.9"])
    association.release()


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize(("uids", "status"), [((), 0x0120), (("1.2.a",), 0x0106)])
def test_bad_requests(committing: Receiver, uids: tuple[str, ...], status: int) -> None:
    answered, association = _ask(committing.port, *uids)
    association.release()
    assert answered == status


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_request_survives_a_restart_and_a_peer_that_is_away(
    settings_of: Callable[..., Settings], engine: Engine, reports: tuple[Reports, int]
) -> None:
    came, port = reports
    with Receiver(settings_of(**_peers(1)), engine) as receiver:  # nobody listens on port 1
        _, association = _ask(receiver.port, "9.9.9", transaction="1.2.98")
        association.release()
        wait_until(lambda: _row(engine).attempts == 1)
    row = _row(engine)
    assert (row.state, row.error) == ("pending", "no association with MODALITY at 127.0.0.1:1")
    with database.sessions(engine).begin() as session:  # the pause is over
        session.get_one(Commitment, row.id).run_after = row.at
    with Receiver(settings_of(**_peers(port)), engine):
        _, report = came.get(timeout=20)
        assert str(report.TransactionUID) == "1.2.98"
        wait_until(lambda: _row(engine).state == "reported")


def _row(engine: Engine) -> Commitment:
    with database.readers(engine)() as session:
        return session.scalars(select(Commitment)).one()
