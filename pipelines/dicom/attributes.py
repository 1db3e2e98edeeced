"""Values of DICOM attributes as plain Python, or None where they are absent or cannot be parsed.

Headers come from any scanner and any anonymiser: an attribute that should hold a number may be empty or hold
text. Such a value counts as absent; what needs it says so with its own coded reason.
"""

import struct
from collections.abc import Sequence
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

VALUE_ERRORS = (
    ValueError,
    TypeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    struct.error,
    BytesLengthException,
)
"""What the conversion of a damaged value may raise."""


class Source(Protocol):
    """What attributes are asked of by keyword: a data set or a mapping."""

    def get(self, keyword: str, /) -> Any:
        """Return the attribute's value, or None."""


def value(source: Source, keyword: str) -> Any:
    """Return the value of an attribute, or None if absent, empty or damaged."""
    try:
        found = source.get(keyword)
    except VALUE_ERRORS:
        return None
    return None if found is None or found == "" else found


def numbers(source: Source, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return an attribute's `count` finite numbers, or None."""
    found = value(source, keyword)
    if found is None:
        return None
    try:
        values = tuple(float(item) for item in _as_sequence(found))
    except VALUE_ERRORS:
        return None
    return values if len(values) == count else None


def number(source: Source, keyword: str) -> float | None:
    """Return an attribute's first number, or None."""
    found = value(source, keyword)
    try:
        return None if found is None else float(_as_sequence(found)[0])
    except VALUE_ERRORS:
        return None


def integer(source: Source, keyword: str) -> int | None:
    """Return an attribute's first number as an integer, or None."""
    found = number(source, keyword)
    try:
        return None if found is None else int(found)
    except VALUE_ERRORS:
        return None


def texts(source: Source, keyword: str) -> tuple[str, ...]:
    """Return an attribute's values as stripped strings; empty if absent."""
    found = value(source, keyword)
    return () if found is None else tuple(str(item).strip() for item in _as_sequence(found))


def text(source: Source, keyword: str) -> str:
    """Return an attribute's first value as a stripped string; empty if absent."""
    return next(iter(texts(source, keyword)), "")


def item(source: Source | None, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, or None."""
    found = None if source is None else value(source, keyword)
    if not isinstance(found, Sequence) or isinstance(found, str) or not found:
        return None
    first = found[0]
    return first if isinstance(first, Dataset) else None


def _as_sequence(found: Any) -> Sequence[Any]:
    return found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else (found,)
