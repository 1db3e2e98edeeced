from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from node import header
from node.errors import InvalidInstance

EXPLICIT = "1.2.840.10008.1.2.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


def _bytes(**changes: str | None) -> memoryview:
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": "1.2.3",
        "StudyDate": "20240229",
        "Modality": "CT",
        "PatientID": "ID 7",
        "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": "1.2.1",
        **changes,
    }
    data_set = Dataset()
    for name, value in values.items():
        if value is not None:
            setattr(data_set, name, value)
    encoded = encode(data_set, False, True)
    assert encoded is not None
    return memoryview(encoded)


def test_everything_that_files_an_instance_is_read() -> None:
    found = header.read(_bytes(), EXPLICIT)
    assert found == header.Header(
        sop_class_uid=CT,
        sop_instance_uid="1.2.3",
        study_instance_uid="1.2",
        series_instance_uid="1.2.1",
        modality="CT",
        study_date=date(2024, 2, 29),
        patient_key=header.patient_key("ID 7"),
    )


@pytest.mark.parametrize(
    ("changes", "status", "what"),
    [
        ({"StudyInstanceUID": None}, 0xC000, "no StudyInstanceUID"),
        ({"StudyInstanceUID": ""}, 0xC000, "no StudyInstanceUID"),
        ({"SeriesInstanceUID": None}, 0xC000, "no SeriesInstanceUID"),
        ({"SOPInstanceUID": None}, 0xA900, "no SOPInstanceUID"),
        ({"SOPClassUID": None}, 0xA900, "no SOPClassUID"),
    ],
)
def test_a_missing_identifier_is_refused(changes: dict[str, str | None], status: int, what: str) -> None:
    with pytest.raises(InvalidInstance, match=what) as caught:
        header.read(_bytes(**changes), EXPLICIT)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "value", ["../../etc/passwd", "1.2.abc", "1..2", ".1", "1.", "1" * 65, "1.2\n", "1/2", "١.٢"]
)
def test_illegal_uids_are_refused_without_repeating_them(value: str) -> None:
    with pytest.raises(InvalidInstance) as caught:
        header.check_uid(value, "SOPInstanceUID")
    assert caught.value.status == 0xA900
    assert value not in str(caught.value)


@given(st.text(max_size=70))
def test_no_uid_can_leave_its_folder(value: str) -> None:
    try:
        checked = header.check_uid(value, "UID")
    except InvalidInstance:
        return
    assert set(checked) <= set("0123456789.")
    assert ".." not in checked


@pytest.mark.parametrize("value", [None, "", "0000", "20240230", "yesterday"])
def test_a_useless_study_date_is_none(value: str | None) -> None:
    data = bytes(_bytes(StudyDate="19991231")).replace(b"19991231", (value or "").ljust(8).encode()[:8])
    assert header.read(memoryview(data), EXPLICIT).study_date is None


def test_the_old_date_format_is_understood() -> None:
    """PS3.5 6.2: ACR-NEMA wrote yyyy.mm.dd."""
    data = bytes(_bytes(StudyDate="19930822")).replace(b"DA\x08\x0019930822", b"DA\x0a\x001993.08.22")
    assert header.read(memoryview(data), EXPLICIT).study_date == date(1993, 8, 22)


def test_patients_are_told_apart_and_not_named() -> None:
    key = header.patient_key("7", "HOSPITAL")
    assert key is not None
    assert len(key) == 64
    assert key not in {
        header.patient_key("7"),
        header.patient_key("7", "OTHER"),
        header.patient_key("8", "HOSPITAL"),
    }
    assert header.patient_key("") is None
    assert header.patient_key("", "HOSPITAL") is None
