"""A site's own names for the parts of its network, from a TOML file."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.backbone.names import Rule
from models.backbone.reading import WeightsError


@dataclass(frozen=True, slots=True)
class NameMap:
    """A site's TOML file: what its weights are called.

    Attributes
    ----------
    rules : tuple of (pattern, replacement)
        The table `names`, applied to every name in its order.
    grid : tuple of int, optional
        `grid`: patches along each axis that the position embeddings were learned on.
    """

    rules: tuple[Rule, ...] = ()
    grid: tuple[int, ...] | None = None


def read_map(path: Path) -> NameMap:
    """Read a site's map.

    Raises
    ------
    WeightsError
        If the file cannot be read, or says something that is not understood.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WeightsError(f"{path}: no TOML file that can be read: {error}") from None
    if unknown := sorted(content.keys() - {"names", "grid"}):
        raise WeightsError(f"{path}: {', '.join(unknown)} is not understood; there are [names] and grid")
    grid = content.get("grid")
    if grid is not None and not (isinstance(grid, list) and len(grid) in {2, 3} and all(_counts(grid))):
        raise WeightsError(f"{path}: grid must be two or three numbers of patches, such as [6, 6, 4]")
    return NameMap(_rules(content.get("names", {}), path), tuple(grid) if grid else None)


def _counts(grid: list[Any]) -> list[bool]:
    return [isinstance(side, int) and side > 0 for side in grid]


def _rules(names: Any, path: Path) -> tuple[Rule, ...]:
    if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
        raise WeightsError(f'{path}: [names] must be lines such as "^their_name\\\\." = "blocks."')
    for pattern, replacement in names.items():
        try:
            re.sub(pattern, replacement, "")
        except (re.error, IndexError) as error:
            raise WeightsError(f"{path}: [names] {pattern!r} is no regular expression: {error}") from None
    return tuple(names.items())
