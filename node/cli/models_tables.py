"""Models, and how shadows compare, for a terminal: lines that a narrow one wraps and grep finds."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from models.manifest import MANIFEST
from node.registry.compare import Comparison
from node.registry.listing import Entry
from node.registry.usage import Usage

HEADS = ("Name", "Version", "Kind", "State", "Demonstration", "Digest", "Verified")
STYLES = {"active": "green", "shadow": "cyan", "shipped default": "green", "retired": "dim"}
DEMONSTRATION = {True: "yes", False: "no", None: "–"}
#: said elsewhere, or too long for a screen
LEFT_OUT = ("files", "name", "version", "intended_use", "training_data", "license", "metrics")
#: a manifest's figures are lines of a table; the whole stands in the file
MOST_LINES = 60
WIDEST_KEY = 26


def show_list(console: Console, entries: Sequence[Entry]) -> None:
    """Print a line per model, then what is wrong with those that do not verify."""
    rows = [HEADS, *(_cells(one) for one in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        style = STYLES.get(row[3], "") if number else "bold"
        console.print(Text("  ".join(cells).rstrip(), style=style if row[-1] != "NO" else "red"))
    for one in entries:
        for problem in one.problems:
            console.print(Text(f"{one.name}@{one.version}: {problem}", style="red"))


def show_one(console: Console, entry: Entry, usage: Usage) -> None:
    """Print all that is known of a model, and where it is used."""
    console.print(Text(f"{entry.name}@{entry.version}", style="bold"))
    _show_lines(console, _lines(entry, usage))


def show_comparison(console: Console, one: Comparison) -> None:
    """Print how a shadow compares with the model that was active."""
    active = f"{one.name}@{one.active_version}" if one.active_version else "no active model"
    console.print(Text(f"{one.name}@{one.version} (shadow) beside {active}", style="bold"))
    _show_lines(console, _compared(one))


def _show_lines(console: Console, lines: Iterable[tuple[str, str]]) -> None:
    for key, value in lines:
        console.print(Text(f"  {key:<{WIDEST_KEY}}  ", style="dim").append(value, style="not dim"))
    console.print()


def _cells(one: Entry) -> tuple[str, ...]:
    verified = "NO" if one.problems else "yes"
    demonstration = DEMONSTRATION[one.demonstration]
    return one.name, one.version, one.kind, one.state, demonstration, one.digest[:12], verified


def _lines(entry: Entry, usage: Usage) -> Iterator[tuple[str, str]]:
    yield "kind", entry.kind
    yield "state", entry.state
    yield "demonstration", DEMONSTRATION[entry.demonstration]
    yield "digest", entry.digest
    yield "folder", str(entry.folder)
    yield "verified", "; ".join(entry.problems) or "yes"
    if entry.manifest is not None:
        yield "intended use", entry.manifest.intended_use
        yield "training data", entry.manifest.training_data
        yield "licence", entry.manifest.license
        yield "files", ", ".join(entry.manifest.files)
        yield from _few(_flat("metrics", entry.manifest.metrics))
        yield from _few(_more(entry))
    yield "reported", f"in {usage.reported} risk reports"
    if usage.shadowed:
        yield "shadow", f"of {usage.shadowed} studies (lumbar-node models compare {entry.name})"
    for event in usage.history:
        yield "history", f"{event.at:%Y-%m-%d %H:%M} UTC {event.action} by {event.who} ({event.digest[:12]}…)"


def _more(entry: Entry) -> Iterator[tuple[str, str]]:
    """Give the rest of the manifest: cohort, settings, whatever training wrote into it."""
    whole = json.loads((entry.folder / MANIFEST).read_text(encoding="utf-8"))
    for key, value in whole.items():
        if key not in LEFT_OUT:
            yield from _flat(key, value)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for below, item in value.items():
            yield from _flat(f"{key}.{below}", item)
    elif isinstance(value, list | tuple):
        yield key, ", ".join(map(str, value))
    else:
        yield key, str(value)


def _few(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    found = list(lines)
    yield from found[:MOST_LINES]
    if len(found) > MOST_LINES:
        yield "…", f"{len(found) - MOST_LINES} more in {MANIFEST}"


def _compared(one: Comparison) -> Iterator[tuple[str, str]]:
    yield "studies", str(one.studies)
    yield "evaluated by both", str(one.both)
    yield "same category", _share(one.agreement)
    yield (
        "mean difference",
        "–" if one.mean_difference is None else f"{100 * one.mean_difference:+.1f} points",
    )
    yield "correlation", "–" if one.correlation is None else f"{one.correlation:.3f}"
    for (was, now), count in one.moved.items():
        yield f"{was} → {now}", str(count)
    yield "evaluated by the active one only", str(one.only_active)
    yield "evaluated by the shadow only", str(one.only_shadow)
    yield "evaluated by neither", str(one.neither)
    yield "shadow failed", str(one.failed)
    for code, count in one.reasons.items():
        yield f"shadow: {code}", str(count)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
