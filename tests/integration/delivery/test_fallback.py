"""A destination that knows no SEG or SR gets the PDF and the overlay instead, and the study does not fail."""

from integration.delivery.conftest import Post
from integration.delivery.pacs import COMMITMENT, running
from pydicom.uid import (
    CTImageStorage,
    EncapsulatedPDFStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

CLASSES = {"seg": SegmentationStorage, "pdf": EncapsulatedPDFStorage, "overlay": SecondaryCaptureImageStorage}
KNOWN = (CTImageStorage, EncapsulatedPDFStorage, SecondaryCaptureImageStorage)


def to(port: int, **values: object) -> dict[str, object]:
    return {"ae_title": "PACS", "host": "127.0.0.1", "port": port, "send": ["seg"], **values}


def test_pdf_and_overlay_go_in_the_stead_of_a_seg(post: Post) -> None:
    with running(classes=KNOWN) as pacs:
        outbox = post(to(pacs.port, fallback=True), "seg", "pdf", "overlay", **CLASSES)
        outbox.run()
        assert pacs.stored == ["1.2.3.1.1", "1.2.3.1.2"]
    assert outbox.confirmed == [("refused", "fallback"), ("delivered", "c-store"), ("delivered", "c-store")]
    assert f"SOP class {SegmentationStorage} is not accepted" in (outbox.deliveries[0].error or "")
    assert (outbox.study.state, outbox.study.reason) == ("done", "to refuses seg; overlay, pdf sent instead")


def test_they_are_confirmed_like_any_other(post: Post) -> None:
    with running(COMMITMENT, classes=KNOWN) as pacs:
        given = to(pacs.port, fallback=True, commitment="storage-commitment")
        outbox = post(given, "seg", "pdf", **CLASSES)
        outbox.run()
        assert [uids for _, uids in pacs.requests] == [["1.2.3.1.1"]]
    assert outbox.confirmed == [("refused", "fallback"), ("delivered", "commitment")]
    assert outbox.study.state == "done"


def test_without_fallback_the_study_fails(post: Post) -> None:
    with running(classes=KNOWN) as pacs:
        outbox = post(to(pacs.port), "seg", "pdf", **CLASSES)
        outbox.run()
        assert pacs.stored == []
    assert outbox.study.state == "failed"
    assert "is not accepted by PACS" in (outbox.study.reason or "")


def test_where_the_study_has_no_pdf_it_fails(post: Post) -> None:
    with running(classes=KNOWN) as pacs:
        outbox = post(to(pacs.port, fallback=True), "seg", **CLASSES)
        outbox.run()
    assert (outbox.confirmed, outbox.study.state) == ([("refused", None)], "failed")
