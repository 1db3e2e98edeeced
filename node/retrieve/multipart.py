"""The parts of a multipart/related answer (RFC 2046 5.1, PS3.18 8.6), without copying them."""

import re
from collections.abc import Iterator

BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


def parts(content_type: str, body: bytes) -> Iterator[memoryview]:
    """Yield the content of each part; the body itself if it is not multipart.

    Parameters
    ----------
    content_type : str
        Of the answer, with the boundary.
    body : bytes

    Raises
    ------
    ValueError
        It is multipart, but has no boundary, or ends within a part.
    """
    if not content_type.lower().startswith("multipart/"):
        yield memoryview(body)
        return
    given = BOUNDARY.search(content_type)
    if given is None:
        raise ValueError("a multipart answer without a boundary")
    delimiter = b"--" + (given[1] or given[2]).encode("latin-1")
    at = body.find(delimiter)
    while at >= 0 and not body.startswith(b"--", at + len(delimiter)):
        begin = body.find(END_OF_HEAD, at)
        end = body.find(b"\r\n" + delimiter, max(begin, 0))
        if begin < 0 or end < 0:
            raise ValueError("a multipart answer that ends within a part")
        yield memoryview(body)[begin + len(END_OF_HEAD) : end]
        at = end + 2
