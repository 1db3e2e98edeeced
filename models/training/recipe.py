"""How people are generated and scanned for a network's bank."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Anatomy, Contrast, Tissue
from models.anatomy.grid import FieldOfView

Array = NDArray[Any]
Spacing = float | tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Scan:
    """A file of the bank: its name without folder, and its arrays."""

    name: str
    arrays: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Recipe:
    """How people are generated and scanned for one network."""

    field_of_view: FieldOfView
    spacing: Spacing
    scans: int  #: per person
    scan: Callable[[Anatomy, np.random.Generator, int, int], Scan]


def choose(protocol: np.random.Generator, contrasts: tuple[Contrast, ...], shares: list[float]) -> Contrast:
    """Draw a contrast."""
    return contrasts[int(protocol.choice(len(contrasts), p=shares))]


def between(values: Array, first: int, last: int) -> NDArray[np.bool_]:
    """Return where values lie between two numbers, both included."""
    inside: NDArray[np.bool_] = (values >= first) & (values <= last)
    return inside


def posterior(tissues: Array) -> NDArray[np.bool_]:
    """Return where tissues are those of posterior elements."""
    return np.isin(tissues, [Tissue.POSTERIOR_CORTEX, Tissue.POSTERIOR_MARROW])
