"""The DICOM file format (PS3.10 7.1): our own File Meta Information before a data set as it was received."""

import struct
from dataclasses import dataclass

from node.elements import EXPLICIT_LITTLE, elements, text
from node.errors import InvalidInstance

PREAMBLE = b"\0" * 128 + b"DICM"
VERSION = b"\0\1"
#: UUIDv5 of urn:lumbar-node
IMPLEMENTATION_CLASS_UID = "2.25.120114756509763972689676481978890153555"
IMPLEMENTATION_VERSION_NAME = "LUMBAR_NODE_1"
#: preamble, and the group length element (0002,0000) that says where the data set begins
HEAD = struct.Struct("<128s4sHH2sHI")

SOP_CLASS = 0x00020002
SOP_INSTANCE = 0x00020003
TRANSFER_SYNTAX = 0x00020010
SENDING_AE = 0x00020017
RECEIVING_AE = 0x00020018


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What a stored file says about its data set and its way here."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae: str  #: (0002,0017) Sending Application Entity Title
    called_ae: str  #: (0002,0018) Receiving Application Entity Title


def encode(meta: FileMeta) -> bytes:
    """Return preamble, prefix and File Meta Information, ready to stand before the data set."""
    group = b"".join(
        (
            struct.pack("<HH2sxxI", 0x0002, 0x0001, b"OB", len(VERSION)) + VERSION,
            _element(SOP_CLASS, b"UI", meta.sop_class_uid),
            _element(SOP_INSTANCE, b"UI", meta.sop_instance_uid),
            _element(TRANSFER_SYNTAX, b"UI", meta.transfer_syntax_uid),
            _element(0x00020012, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(0x00020013, b"SH", IMPLEMENTATION_VERSION_NAME),
            _element(SENDING_AE, b"AE", meta.calling_ae),
            _element(RECEIVING_AE, b"AE", meta.called_ae),
        )
    )
    return PREAMBLE + struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(group)) + group


def decode(data: memoryview) -> tuple[FileMeta, memoryview]:
    """Split a file into its File Meta Information and its data set.

    Raises
    ------
    InvalidInstance
        If this is not a file that `encode` began.
    """
    start = data_set_offset(data)
    if start > len(data):
        raise InvalidInstance(0xC000, "not a DICOM file: it ends within the File Meta Information")
    found = dict(elements(data[HEAD.size : start], EXPLICIT_LITTLE, last=0x0002FFFF))
    tags = (SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX, SENDING_AE, RECEIVING_AE)
    return FileMeta(*(text(found.get(tag)) for tag in tags)), data[start:]


def data_set_offset(data: memoryview) -> int:
    """Return where the data set begins, from the first `HEAD.size` bytes of a file; see `decode`."""
    if len(data) < HEAD.size:
        raise InvalidInstance(0xC000, "not a DICOM file: too short")
    _, prefix, group, element, _, _, length = HEAD.unpack_from(data)
    if prefix != b"DICM" or (group, element) != (0x0002, 0x0000):
        raise InvalidInstance(0xC000, "not a DICOM file: no File Meta Information")
    return HEAD.size + int(length)


def _element(tag: int, vr: bytes, value: str) -> bytes:
    encoded = value.encode("ascii", errors="replace")
    padding = (b"\0" if vr == b"UI" else b" ") * (len(encoded) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(encoded + padding)) + encoded + padding
