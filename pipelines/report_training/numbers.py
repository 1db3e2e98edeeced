"""Numbers as people read them in a clinical paper."""

import math
from collections.abc import Sequence
from typing import Any

NONE = "–"  #: for what is not there


def figure(value: Any, digits: int = 2) -> str:
    """Write a number, or a dash where there is none."""
    return NONE if not _is_number(value) else f"{value:.{digits}f}".replace("-", "−")


def interval(ci: Sequence[Any] | None, digits: int = 2) -> str:
    """Write a confidence interval: "0.71 to 0.83"."""
    if not ci or len(ci) != 2 or not all(map(_is_number, ci)):
        return NONE
    return f"{figure(ci[0], digits)} to {figure(ci[1], digits)}"


def with_interval(value: Any, ci: Sequence[Any] | None, digits: int = 2) -> str:
    """Write a figure with its 95 % confidence interval: "0.77 (0.71 to 0.83)"."""
    text = interval(ci, digits)
    return figure(value, digits) if text == NONE else f"{figure(value, digits)} ({text})"


def p_value(p: Any) -> str:
    """Write a p value: two digits, three where it is small, "< .001" below."""
    if not _is_number(p):
        return NONE
    if p < 0.001:
        return "< .001"
    digits = 3 if p < 0.1 else 2
    return f"{p:.{digits}f}".removeprefix("0") if p < 1 else "1"


def percent(share: Any, digits: int = 0) -> str:
    """Write a share: "35 %"."""
    return NONE if not _is_number(share) else f"{100 * share:.{digits}f} %"


def count_of(count: int, total: int) -> str:
    """Write a count with its share: "67 (35 %)"."""
    return f"{count} ({percent(count / total)})" if total else str(count)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
