"""Cells of text as clinical variables, with the unit that a column's name may carry."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from pipelines.clinical import check
from pipelines.errors import InputError

#: Unit of each variable that has one, as it may stand behind the name: `bmi [kg/m2]`.
UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("years", "a"),
    "bmi": ("kg/m2", "kg/m²"),
    "segments": (),
    "sex": (),
    "osteoporosis": (),
    "diagnosis": (),
    "fused_levels": (),
    "vas": ("0-10",),
}
PREFIX: Final = "clinical."
_NAME: Final = re.compile(r"^(?P<name>[^\[(]+?)\s*(?:[\[(](?P<unit>.*)[\])])?$")
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_DECIMAL_COMMA: Final = re.compile(r"^[+-]?\d+,\d+$")
#: A wrong quantity shows by its size: (lowest, highest, what it looks like).
_LOOKS: Final[Mapping[str, tuple[tuple[float, float, str], ...]]] = {
    "bmi": ((1.2, 2.2, "a height in m"), (120, 220, "a height in cm"), (80, 120, "a weight in kg")),
    "age": (
        (1900, 2100, "a year of birth"),
        (110, 1320, "an age in months"),
        (6500, 41000, "an age in days"),
    ),
    "vas": ((10, 100, "a scale from 0 to 100; divide by 10"),),
}


def column_meaning(column: str, others: tuple[str, ...]) -> str:
    """Tell which variable a column holds.

    Parameters
    ----------
    column : str
        As the header has it: "bmi", "bmi [kg/m2]", "clinical.bmi".
    others : tuple of str
        What is allowed beside the clinical variables.

    Returns
    -------
    str
        A key of UNITS, one of `others`, or the column itself where it is `clinical.` and a name that this
        software does not know: a site's own variable.

    Raises
    ------
    ValueError
        What is unknown, and what is allowed.
    """
    found = _NAME.match(column)
    name = (found["name"] if found else column).strip()
    unit = found["unit"] if found else None
    bare = name.removeprefix(PREFIX)
    if bare in UNITS:
        return _with_unit(bare, unit)
    if column in others or column.startswith(PREFIX):
        return column
    allowed = (*others, *UNITS)
    near = get_close_matches(bare.lower(), allowed, 1)
    hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(allowed)}"
    raise ValueError(f"unknown column; {hint} A site's own variable is called {PREFIX}<name>")


def clinical_value(variable: str, text: str) -> Any:
    """Turn a cell into the value of a clinical variable; None for an empty one.

    Raises
    ------
    ValueError
        What is wrong with it and what is allowed.
    """
    if not text:
        return None
    if variable.startswith(PREFIX):
        return _own(text)
    value = _READERS[variable](text)
    try:
        check(variable, value)
    except InputError as error:
        raise ValueError(f"{text!r}: {_rule(error)}{_hint(variable, value)}") from None
    return value


def _own(text: str) -> float | str:
    """Read a site's own variable: a number where it is one."""
    _no_decimal_comma(text)
    try:
        return float(text)
    except ValueError:
        return text


def _with_unit(name: str, unit: str | None) -> str:
    if unit is None or unit.strip() in UNITS[name]:
        return name
    allowed = " or ".join(UNITS[name])
    raise ValueError(
        f"unknown unit {unit!r}; {name} is given in {allowed}" if allowed else f"{name} has no unit"
    )


def _number(text: str) -> float:
    _no_decimal_comma(text)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None


def _no_decimal_comma(text: str) -> None:
    if _DECIMAL_COMMA.match(text):
        raise ValueError(f"{text!r} has a decimal comma; write {text.replace(',', '.')}")


def _count(text: str) -> float:
    number = _number(text)
    return int(number) if number.is_integer() else number


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError(f"{text!r}: must be yes or no (true, false, 1, 0)")
    return _TRUTH[text.lower()]


def _levels(text: str) -> list[str]:
    return [level.strip() for level in text.split(";") if level.strip()]


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "age": _number,
    "bmi": _number,
    "vas": _number,
    "segments": _count,
    "sex": str.upper,
    "osteoporosis": _truth,
    "diagnosis": str.lower,
    "fused_levels": _levels,
}


def _rule(error: InputError) -> str:
    """Shorten "clinical variable bmi = 175.0: must be …": row, column and cell are said already."""
    return str(error).partition(": ")[2]


def _hint(variable: str, value: Any) -> str:
    for low, high, what in _LOOKS.get(variable, ()):
        if isinstance(value, float) and low < value <= high:
            return f"; this looks like {what}"
    return ""
