"""A strict walk over the first elements of an encoded data set (PS3.5 7).

The receiver must know a handful of identifiers before it answers, and it must not be led astray by what a
peer sends: this walk reads lengths and values, converts nothing, and has one way to fail.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from node.errors import InvalidInstance

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
#: VRs with a 32-bit length after two reserved bytes (PS3.5 7.1.2)
LONG_VR = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
CANNOT_UNDERSTAND = 0xC000

IMPLICIT_LITTLE_UID = "1.2.840.10008.1.2"
EXPLICIT_BIG_UID = "1.2.840.10008.1.2.2"
#: Deflated Explicit VR Little Endian, JPIP Referenced Deflate, JPIP HTJ2K Referenced Deflate (PS3.5 A.5)
DEFLATED_UIDS = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
#: how much of a deflated data set is inflated: ample for the elements before the pixels
INFLATED_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are laid out (PS3.5 7.1, 7.3)."""

    implicit: bool
    order: str  #: as in `struct`: "<" or ">"


EXPLICIT_LITTLE = Encoding(implicit=False, order="<")


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """Return the layout that a transfer syntax prescribes; every compressed one is explicit little endian."""
    if transfer_syntax_uid == IMPLICIT_LITTLE_UID:
        return Encoding(implicit=True, order="<")
    return Encoding(implicit=False, order=">") if transfer_syntax_uid == EXPLICIT_BIG_UID else EXPLICIT_LITTLE


def inflated(data: memoryview, transfer_syntax_uid: str) -> memoryview:
    """Return the beginning of a deflated data set in clear; any other one as it is."""
    if transfer_syntax_uid not in DEFLATED_UIDS:
        return data
    try:
        return memoryview(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, INFLATED_BYTES))
    except zlib.error as error:
        raise InvalidInstance(CANNOT_UNDERSTAND, f"the deflated data set is damaged: {error}") from error


def elements(data: memoryview, encoding: Encoding, last: int) -> Iterator[tuple[int, memoryview]]:
    """Yield tag and encoded value of the top-level elements up to the tag `last`; sequences are passed over.

    Parameters
    ----------
    data : memoryview
        A data set, or its beginning.
    encoding : Encoding
    last : int
        A tag below that of items and delimiters, (FFFE,E000).

    Raises
    ------
    InvalidInstance
        (0xC000) If the bytes are no elements, or end within one.
    """
    nesting: list[Encoding] = []  # of the open sequences and items of undefined length
    position = 0
    while position + 8 <= len(data):
        inside = nesting[-1] if nesting else encoding
        tag, vr, length, position = _head(data, position, inside)
        if not nesting and tag > last:
            return
        if tag in (ITEM_DELIMITATION, SEQUENCE_DELIMITATION):
            nesting.pop()  # not empty: outside of everything these tags are beyond `last`
        elif length == UNDEFINED:
            nesting.append(_inner(inside, vr))
        else:
            end = position + length
            if end > len(data):
                raise _broken(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is longer than the data set", position)
            if not nesting:
                yield tag, data[position:end]
            position = end


def text(value: memoryview | None) -> str:
    """Return a value of default repertoire without its padding (PS3.5 6.2); none: the empty string."""
    return "" if value is None else str(value, "latin-1").strip(" \0")


def printable(value: str) -> str:
    """Return a value from outside without what no database, log or page should have to show."""
    return "".join(filter(str.isprintable, value))


def _head(data: memoryview, at: int, encoding: Encoding) -> tuple[int, bytes, int, int]:
    """Return tag, VR, length and where the value begins."""
    group, element = struct.unpack_from(f"{encoding.order}HH", data, at)
    tag = int(group) << 16 | int(element)
    if encoding.implicit or group == 0xFFFE:
        return tag, b"", struct.unpack_from(f"{encoding.order}I", data, at + 4)[0], at + 8
    vr = bytes(data[at + 4 : at + 6])
    if not (vr.isalpha() and vr.isupper()):
        raise _broken(f"({group:04X},{element:04X}) has no value representation", at)
    if vr not in LONG_VR:
        return tag, vr, struct.unpack_from(f"{encoding.order}H", data, at + 6)[0], at + 8
    if at + 12 > len(data):
        raise _broken("the data set ends within an element", at)
    return tag, vr, struct.unpack_from(f"{encoding.order}I", data, at + 8)[0], at + 12


def _inner(outer: Encoding, vr: bytes) -> Encoding:
    """Return the layout inside: a UN of undefined length holds implicit little endian (PS3.5 6.2.2)."""
    return Encoding(implicit=True, order="<") if vr == b"UN" else outer


def _broken(what: str, at: int) -> InvalidInstance:
    return InvalidInstance(CANNOT_UNDERSTAND, f"the data set cannot be parsed: {what} (byte {at})")
