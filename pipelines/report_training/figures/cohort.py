"""Who the patients were: the flow into the study, missing values, and drift per scanner."""

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pipelines.readable import role_name
from pipelines.report_training import theme
from pipelines.report_training.names import block_of, feature_text

MOST_BARS: Final = 20
_STEP, _BOX = 0.6, 0.4  # inches: from box to box, and a box's height


def flow_figure(steps: Sequence[Mapping[str, Any]], branches: Sequence[Mapping[str, Any]] = ()) -> Figure:
    """Draw the flow of patients down the left; those who drop out between two steps stand to the right.

    Parameters
    ----------
    steps : sequence of mapping
        `step` and `n`, the patients who remain; from a smaller `n` follows how many were left out.
    branches : sequence of mapping
        `step` and `n` of the parts that the last step divides into.
    """
    height = _STEP * (len(steps) + bool(branches)) - (_STEP - _BOX) + 0.16
    figure = Figure(figsize=(theme.WIDTH, height), facecolor=theme.PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, theme.WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    for row, one in enumerate(steps):
        _box(axes, (0.9, 0.08 + row * _STEP), 2.7, f"{one['step']}: {one['n']}", theme.SOFT)
        if row:
            _arrow(axes, (2.25, 0.08 + row * _STEP - (_STEP - _BOX)), (2.25, 0.08 + row * _STEP))
            _left_out(axes, row, steps[row - 1]["n"] - one["n"])
    _branches(axes, branches, 0.08 + len(steps) * _STEP)
    return figure


def _left_out(axes: Axes, row: int, lost: int) -> None:
    if lost > 0:
        middle = 0.08 + row * _STEP - (_STEP - _BOX) / 2
        _arrow(axes, (2.25, middle), (4.0, middle))
        axes.text(4.08, middle, f"{lost} left out", va="center", fontsize=8, color=theme.GREY)


def _branches(axes: Axes, branches: Sequence[Mapping[str, Any]], top: float) -> None:
    width = 2.05
    first = 2.25 - (len(branches) * width + (len(branches) - 1) * 0.12) / 2
    for index, one in enumerate(branches):
        x = max(first, 0.05) + index * (width + 0.12)
        _box(axes, (x, top), width, f"{one['step']}: {one['n']}", theme.PAPER)
        _arrow(axes, (2.25, top - (_STEP - _BOX)), (x + width / 2, top))


def _box(axes: Axes, place: tuple[float, float], width: float, text: str, colour: str) -> None:
    patch = FancyBboxPatch(
        place,
        width,
        _BOX,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=colour,
        edgecolor=theme.GREY,
        lw=0.7,
    )
    axes.add_patch(patch)
    lines = textwrap.fill(theme.readable_text(text), int(width * 16.5), max_lines=2, placeholder=" …")
    axes.text(place[0] + width / 2, place[1] + _BOX / 2, lines, ha="center", va="center", fontsize=7.5)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=7, color=theme.GREY, lw=0.9)
    arrow.shrinkA = arrow.shrinkB = 0
    axes.add_patch(arrow)


def missing_figure(missing: Mapping[str, float]) -> Figure:
    """Draw the share of missing values, the columns that lack most first."""
    lacking = grouped({name: share for name, share in missing.items() if share > 0})
    rows = sorted(((share, name) for name, share in lacking.items()), reverse=True)[:MOST_BARS]
    names = [theme.readable_text(name) for _, name in rows]
    figure = _bars(names, [100 * share for share, _ in rows], [theme.BLUE] * len(rows))
    figure.axes[0].set_xlabel("Patients without a value (%)")
    return figure


def grouped(missing: Mapping[str, float]) -> dict[str, float]:
    """Join the features of one block that lack values equally, as they do where a structure was not found.

    Returns
    -------
    dict of str to float
        Name for people to share.
    """
    members: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
    for name, share in missing.items():
        members[block_of(name) or feature_text(name), share].append(name)
    return {
        f"{title} ({len(names)} columns, {100 * share:.1f}\u00a0%)"
        if len(names) > 1
        else feature_text(names[0]): share
        for (title, share), names in members.items()
    }


def drift_figure(drift: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the population stability index per scanner, with the limits that are customary for it."""
    rows = sorted(drift.items(), key=lambda item: -float(item[1]["psi"]))[:MOST_BARS]
    names = [theme.readable_text(scanner_text(name, one)) for name, one in rows]
    values = [float(one["psi"]) for _, one in rows]
    figure = _bars(names, values, [drift_colour(value) for value in values])
    axes = figure.axes[0]
    axes.set_xlim(0, max(0.3, *values) * 1.12)
    for place, (_, one) in enumerate(rows):
        if one.get("by_chance") is not None:
            chance = float(one["by_chance"])
            axes.plot([chance, chance], [place - 0.31, place + 0.31], color=theme.INK, linewidth=2)
    for limit in (0.1, 0.25):
        axes.axvline(limit, color=theme.INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_xlabel("Population stability index (below 0.1 alike, above 0.25 different)")
    return figure


def drift_colour(psi: float) -> str:
    """Give the colour of a stability index."""
    return theme.GREEN if psi < 0.1 else theme.ORANGE if psi < 0.25 else theme.RED


def scanner_text(name: str, one: Mapping[str, Any]) -> str:
    """Name a scanner: "ct: GE|Revolution|120" is "CT: GE Revolution 120", with its number of patients."""
    role, colon, scanner = name.partition(": ")
    told = f"{role_name(role)}: {scanner}" if colon else name
    count = f" (n = {one['n']})" if "n" in one else ""
    return " ".join(part for part in told.split("|") if part) + count


def _bars(names: Sequence[str], values: Sequence[float], colours: Sequence[str]) -> Figure:
    wrapped = [textwrap.fill(name, 52) for name in names]
    lines = sum(name.count("\n") + 1 for name in wrapped)
    figure, (axes,) = theme.new_figure(0.62 + 0.15 * lines + 0.06 * len(names))
    axes.barh(range(len(names)), values, color=colours, height=0.62)
    axes.set_yticks(range(len(names)), wrapped, fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    return figure
