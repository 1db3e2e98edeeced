from io import BytesIO

import pytest
from pydicom import config, dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from pipelines.dicom.sanitize import repaired

JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def _written_and_read(header: Dataset) -> Dataset:
    meta, file = FileMetaDataset(), BytesIO()
    header.SOPClassUID, header.SOPInstanceUID, header.SeriesInstanceUID = CTImageStorage, "1.2.3", "1.2"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3"
    FileDataset(file, header, file_meta=meta, preamble=b"\0" * 128).save_as(file, enforce_file_format=True)
    file.seek(0)
    return dcmread(file)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (["", "ISO 2022 IR 87"], JAPANESE),
        ("ISO_IR 100", "Müller^Änne"),
        ("ISO_IR 144", "Иванов^Иван"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        (None, "Doe^Jane"),
    ],
)
def test_the_name_is_the_source_s_own_in_utf_8(charset: str | list[str] | None, name: str) -> None:
    header = Dataset()
    if charset is not None:
        header.SpecificCharacterSet = charset
    header.PatientName = name
    copy = repaired(_written_and_read(header))
    assert copy.SpecificCharacterSet == "ISO_IR 192"
    assert str(_written_and_read(copy).PatientName) == name


def test_what_is_missing_becomes_empty_and_what_is_illegal_is_mended() -> None:
    header = Dataset()
    with config.disable_value_validation():
        header.PatientSex, header.StudyTime = "X", "09:61"
        header.PatientID = "P1"
        source = _written_and_read(header)
    copy = repaired(source)
    assert copy.PatientSex == "O"
    assert copy.PatientID == "P1"
    for keyword in (
        "AccessionNumber",
        "StudyID",
        "StudyDate",
        "StudyTime",
        "PatientBirthDate",
        "PatientName",
    ):
        assert str(copy[keyword].value or "") == ""


def test_a_backslash_makes_no_second_value_of_a_name_or_an_identifier() -> None:
    header = Dataset()
    header.PatientName = ["A^Eva", "B"]
    header.PatientID, header.StudyID, header.AccessionNumber = ["P", "7"], ["S", ""], ["X", "Y"]
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    copy = _written_and_read(repaired(_written_and_read(header)))
    assert str(copy.PatientName) == "A^Eva^B"
    assert [copy[keyword].value for keyword in ("PatientID", "StudyID", "AccessionNumber")] == [
        "P 7",
        "S",
        "X Y",
    ]
    assert copy.ImageType == ["ORIGINAL", "PRIMARY"]


def test_the_source_is_left_as_it_is() -> None:
    header = _written_and_read(Dataset())
    before = header.to_json()
    repaired(header).PatientID = "changed"
    assert header.to_json() == before


def test_a_frame_of_reference_is_named_by_the_series() -> None:
    header = _written_and_read(Dataset())
    assert repaired(header).FrameOfReferenceUID == repaired(header).FrameOfReferenceUID
    header.FrameOfReferenceUID = "1.2.9"
    assert repaired(header).FrameOfReferenceUID == "1.2.9"


def test_private_elements_and_pixels_stay_behind() -> None:
    header = Dataset()
    header.private_block(0x0011, "SOMEONE", create=True).add_new(0x01, "LO", "secret")
    header.PixelData = b"\0\0"
    header["PixelData"].VR = "OW"
    copy = repaired(_written_and_read(header))
    assert "PixelData" not in copy
    assert not any(element.tag.is_private for element in copy)
