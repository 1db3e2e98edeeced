import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from node.elements import elements, encoding_of, inflated, text
from node.errors import InvalidInstance

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
LAST = 0x0020000E


def _data_set(undefined_length: bool) -> Dataset:
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "9.9.9"
    inner.is_undefined_length_sequence_item = undefined_length
    outer = Dataset()
    outer.StudyInstanceUID = "8.8"  # must not be mistaken for the top level's
    outer.ReferencedSOPSequence = Sequence([inner, inner])
    outer.is_undefined_length_sequence_item = undefined_length
    data_set = Dataset()
    data_set.SOPInstanceUID = "1.2.3"
    data_set.ReferencedStudySequence = Sequence([outer])
    data_set["ReferencedStudySequence"].is_undefined_length = undefined_length
    data_set.PatientID = "A"
    data_set.StudyInstanceUID = "1.2"
    data_set.PixelData = b"\0" * 64
    data_set["PixelData"].VR = "OW"
    return data_set


def _encoded(data_set: Dataset, transfer_syntax: str) -> bytes:
    stream = DicomBytesIO()
    stream.is_implicit_VR = transfer_syntax == IMPLICIT
    stream.is_little_endian = transfer_syntax != BIG
    write_dataset(stream, data_set)
    return stream.getvalue()


def _read(data: bytes, transfer_syntax: str) -> dict[int, str]:
    clear = inflated(memoryview(data), transfer_syntax)
    return {tag: text(value) for tag, value in elements(clear, encoding_of(transfer_syntax), LAST)}


@pytest.mark.parametrize("undefined_length", [False, True])
@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT, BIG])
def test_only_the_top_level_is_read(transfer_syntax: str, undefined_length: bool) -> None:
    found = _read(_encoded(_data_set(undefined_length), transfer_syntax), transfer_syntax)
    assert found[0x00080018] == "1.2.3"
    assert found[0x00100020] == "A"
    assert found[0x0020000D] == "1.2"
    assert 0x7FE00010 not in found


def test_a_deflated_data_set_is_read() -> None:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(_encoded(_data_set(True), EXPLICIT)) + deflater.flush()
    assert _read(deflated, DEFLATED)[0x0020000D] == "1.2"


def test_what_cannot_be_inflated_is_refused() -> None:
    with pytest.raises(InvalidInstance, match="deflated data set is damaged") as caught:
        _read(b"\xff" * 50, DEFLATED)
    assert caught.value.status == 0xC000


def test_a_private_sequence_of_unknown_vr_holds_implicit_elements() -> None:
    """PS3.5 6.2.2: a UN of undefined length is encoded in implicit VR little endian."""
    item = b"\x08\0\x18\0\4\0\0\x001.2\0"
    sequence = (
        b"\xfe\xff\0\xe0\xff\xff\xff\xff" + item + b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    )
    data = b"\x09\0\x10\x10UN\0\0\xff\xff\xff\xff" + sequence + b"\x20\0\x0d\0UI\4\x005.6\0"
    assert _read(data, EXPLICIT) == {0x0020000D: "5.6"}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x08\0\x18\0UI\x40\x001.2.3", "longer than the data set"),
        (b"\x08\0\x18\0\x04\0\0\x001.2.3", "no value representation"),
        (b"\x08\0\x40\x11SQ\0\0\xff\xff", "ends within an element"),
    ],
)
def test_what_is_no_data_set_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(InvalidInstance, match=what):
        _read(data, EXPLICIT)


@given(st.binary(max_size=300), st.sampled_from([IMPLICIT, EXPLICIT, BIG, DEFLATED]))
def test_any_bytes_are_read_or_refused(data: bytes, transfer_syntax: str) -> None:
    try:
        _read(data, transfer_syntax)
    except InvalidInstance as error:
        assert error.status == 0xC000
