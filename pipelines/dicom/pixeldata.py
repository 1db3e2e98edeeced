"""The Pixel Data element of a file, checked for completeness without decoding it (PS3.5 A.4)."""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO, Self

PIXEL_KEYWORDS = ("FloatPixelData", "DoubleFloatPixelData", "PixelData")

_PIXEL_TAGS = frozenset({(0x7FE0, 0x0008), (0x7FE0, 0x0009), (0x7FE0, 0x0010)})
_UNDEFINED = 0xFFFFFFFF
_ITEM = (0xFFFE, 0xE000)
_SEQUENCE_DELIMITER = (0xFFFE, 0xE0DD)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the value of the pixel data begins, and how long it claims to be (None: encapsulated)."""

    offset: int
    length: int | None

    @classmethod
    def read(cls, file: BinaryIO, *, implicit: bool, big: bool) -> Self | None:
        """Read the element header at the file's position; None if it is no pixel data.

        Raises
        ------
        struct.error
            If the file ends inside the element header.
        """
        order = ">" if big else "<"
        tag = struct.unpack(f"{order}HH", file.read(4))
        if tag not in _PIXEL_TAGS:
            return None
        if not implicit:
            file.read(4)  # VR (OB, OW, OF, OD) and two reserved bytes
        (length,) = struct.unpack(f"{order}L", file.read(4))
        return cls(file.tell(), None if length == _UNDEFINED else length)


def missing_pixels(file: BinaryIO, element: PixelElement, expected: int, frames: int) -> str | None:
    """Say what is missing, or None if the pixel data are complete.

    Parameters
    ----------
    file : binary file
        Position is changed.
    element : PixelElement
    expected : int
        Bytes that native pixel data of these dimensions have.
    frames : int
        Number of frames; encapsulated pixel data have a fragment for each at least.
    """
    size = os.fstat(file.fileno()).st_size
    if element.length is None:
        return _missing_fragments(file, element.offset, size, frames)
    there = min(element.length, size - element.offset)
    wanted = max(expected, element.length)
    return None if there >= wanted else f"{there} of {wanted} bytes of pixel data are there"


def _missing_fragments(file: BinaryIO, offset: int, size: int, frames: int) -> str | None:
    """Walk over the items of encapsulated pixel data, which are little endian always."""
    fragments = -1  # the first item is the Basic Offset Table
    while offset + 8 <= size:
        file.seek(offset)
        group, element, length = struct.unpack("<HHL", file.read(8))
        if (group, element) == _SEQUENCE_DELIMITER:
            return None if fragments >= frames else f"{max(fragments, 0)} of {frames} frames are there"
        if (group, element) != _ITEM:
            return f"the encapsulated pixel data are damaged at byte {offset}"
        offset += 8 + length
        fragments += 1
    return f"the file ends inside the encapsulated pixel data, after {max(fragments, 0)} fragments"
