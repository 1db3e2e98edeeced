"""Which of the answers are about the same patient, show the lumbar spine, and are nearest."""

from datetime import date

import pytest

from node.retrieve.multipart import parts
from node.retrieve.patient import Patient
from node.retrieve.questions import Candidate, Found, is_lumbar, is_same, nearest
from node.settings import Retrieval

DAY = date(2026, 3, 1)


def candidate(
    uid: str = "1.2", day: date = DAY, study: str = "", part: str = "", series: str = ""
) -> Candidate:
    """Make a study with one series of MR."""
    return Candidate(uid, day, study, (Found(f"{uid}.1", "MR", part, series, 3),))


@pytest.mark.parametrize(
    ("described", "lumbar"),
    [
        ({"part": "LSPINE"}, True),
        ({"part": "L-Spine"}, True),
        ({"part": "SPINE"}, True),
        ({"part": "CSPINE"}, False),
        ({"part": "HEAD", "series": "t1 brain"}, False),
        ({"series": "t2_tse_sag LWS"}, True),
        ({"series": "Lendenwirbelsäule"}, True),
        ({"study": "MR LUMBAR SPINE W/O"}, True),
        ({"study": "L-S spine"}, True),
        ({"study": "cervical spine"}, False),
        ({"series": "blend of both"}, False),
        ({}, False),
    ],
)
def test_what_may_show_the_lumbar_spine(described: dict[str, str], lumbar: bool) -> None:
    assert is_lumbar(candidate(**described), Retrieval()) is lumbar  # type: ignore[arg-type]


def test_the_site_says_what_is_worth_fetching() -> None:
    abdomen = candidate(part="ABDOMEN", series="portal venous")
    assert not is_lumbar(abdomen, Retrieval())
    assert is_lumbar(abdomen, Retrieval(body_parts=("abdomen",)))
    assert is_lumbar(abdomen, Retrieval(description="venous"))


@pytest.mark.parametrize(
    ("patient", "patient_id", "issuer", "same"),
    [
        (Patient("P1", ""), "P1", "", True),
        (Patient("P1", ""), "P1 ", "A", True),
        (Patient("P1", "A"), "P1", "", True),
        (Patient("P1", "A"), "P1", "A", True),
        (Patient("P1", "A"), "P1", "B", False),
        (Patient("P1", ""), "P12", "", False),
        (Patient("P1", ""), "p1", "", False),
        (Patient("P1", ""), "", "", False),
    ],
)
def test_who_is_the_same_patient(patient: Patient, patient_id: str, issuer: str, same: bool) -> None:
    assert is_same(patient, patient_id, issuer) is same


def test_the_nearest_comes_first() -> None:
    days = {
        "1.4": date(2026, 2, 1),
        "1.3": date(2026, 3, 2),
        "1.2": date(2026, 2, 28),
        "1.1": date(2026, 9, 1),
    }
    found = nearest([candidate(uid, day) for uid, day in days.items()], DAY)
    assert [one.study_uid for one in found] == ["1.2", "1.3", "1.4", "1.1"]


HEAD = b"Content-Type: application/dicom\r\n\r\n"


@pytest.mark.parametrize("boundary", ['boundary="b-1"', "boundary=b-1; x=y"])
def test_the_parts_of_an_answer(boundary: str) -> None:
    body = b"preamble\r\n--b-1\r\n" + HEAD + b"one\r\n--b\r\n--b-1\r\n" + HEAD + b"\r\ntwo\r\n--b-1--\r\n"
    found = parts(f"multipart/related; {boundary}", body)
    assert [bytes(part) for part in found] == [b"one\r\n--b", b"\r\ntwo"]


def test_an_answer_of_one_piece() -> None:
    assert [bytes(part) for part in parts("application/dicom", b"--b")] == [b"--b"]
    assert list(parts("multipart/related; boundary=b", b"--b--")) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [("multipart/related", b"--b\r\n"), ("multipart/related; boundary=b", b"--b\r\n" + HEAD + b"cut off")],
)
def test_a_broken_answer(kind: str, body: bytes) -> None:
    with pytest.raises(ValueError, match="a multipart answer"):
        list(parts(kind, body))
