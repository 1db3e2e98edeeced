"""On which line of a TOML file a key stands; `tomllib` does not say."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

Place = tuple[str | int, ...]

_TABLE: Final = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")


def lines_of(text: str) -> dict[Place, int]:
    """Find the line of every table and key.

    Parameters
    ----------
    text : str
        A TOML document that can be parsed.

    Returns
    -------
    dict of tuple to int
        Place, e.g. ("clinical", "age", "unit") or ("variants", 0, "blocks"), to its line, from 1.
    """
    found: dict[Place, int] = {}
    counted: Counter[Place] = Counter()
    head: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            head = _parts(table[2])
            if table[1] == "[[":
                counted[head] += 1
                head = (*head, counted[head] - 1)
            found.setdefault(head, number)
        elif key := _KEY.match(line):
            found.setdefault((*head, *_parts(key[1])), number)
    return found


def line_at(lines: dict[Place, int], place: Sequence[str | int]) -> int:
    """Give the line of a place, or of the nearest table around it; 1 where there is none."""
    for end in range(len(place), 0, -1):
        if tuple(place[:end]) in lines:
            return lines[tuple(place[:end])]
    return 1


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
