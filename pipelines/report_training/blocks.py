"""What a report is made of. Both of its forms, the web page and the PDF, are set from the same blocks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from matplotlib.figure import Figure

Level = Literal["alarm", "caution", "note"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a chapter."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that must not be missed."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the answer box: its name, the figure, what stands beside it."""

    name: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and the answer."""

    question: str
    headline: str
    kind: str  #: "internal estimate", "external validation" …
    facts: tuple[Fact, ...]
    optimistic: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str
        As many cells as columns. A row whose first cell ends in ":" and whose others are empty is a heading.
    caption : str
    note : str
        Below the table.
    widths : tuple of float
        Relative; by default the first column takes twice the room of another.
    numeric : bool
        Whether all columns but the first are set to the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    note: str = ""
    widths: tuple[float, ...] = ()
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its caption; drawn only when it is set, so that one is in memory at a time."""

    name: str
    draw: Callable[[], Figure] = field(repr=False)
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


Block = Text | Heading | Notice | Answer | Table | Picture | Bullets


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the report; `key` names it in the checklists and in links."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    subtitle: str
    chapters: tuple[Chapter, ...]
    foot: str
