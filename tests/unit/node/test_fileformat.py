from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from node import fileformat
from node.errors import InvalidInstance
from node.fileformat import FileMeta

META = FileMeta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1", "SENDER", "LUMBARNODE")


def test_other_readers_understand_the_file() -> None:
    data_set = Dataset()
    data_set.SOPInstanceUID = "1.2.3"
    body = encode(data_set, False, True)
    assert body is not None
    read = dcmread(BytesIO(fileformat.encode(META) + body))
    assert read.SOPInstanceUID == "1.2.3"
    assert read.file_meta.MediaStorageSOPClassUID == META.sop_class_uid
    assert read.file_meta.MediaStorageSOPInstanceUID == META.sop_instance_uid
    assert read.file_meta.TransferSyntaxUID == META.transfer_syntax_uid
    assert read.file_meta.SendingApplicationEntityTitle == META.calling_ae
    assert read.file_meta.ReceivingApplicationEntityTitle == META.called_ae
    assert len(fileformat.encode(META)) == 144 + read.file_meta.FileMetaInformationGroupLength


def test_what_was_written_is_read_back() -> None:
    meta, data_set = fileformat.decode(memoryview(fileformat.encode(META) + b"body"))
    assert meta == META
    assert bytes(data_set) == b"body"


@pytest.mark.parametrize("length", [0, 100, 140, 150, 200])
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(InvalidInstance, match="not a DICOM file"):
        fileformat.decode(memoryview(fileformat.encode(META)[:length]))


def test_another_file_is_refused() -> None:
    with pytest.raises(InvalidInstance, match="no File Meta Information"):
        fileformat.decode(memoryview(b"\x89PNG" * 100))
