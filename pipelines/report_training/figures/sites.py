"""How good the model is at each site (forest plot)."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from pipelines.report_training import theme
from pipelines.report_training.numbers import with_interval

Row = tuple[str, Mapping[str, Any]]


def forest_figure(rows: Sequence[Row], overall: Row, colour: str) -> Figure:
    """Draw one AUC with its interval per row, the overall estimate below.

    Parameters
    ----------
    rows : sequence of (name, mapping)
        `n`, `events`, `auc`, `auc_ci`; a site without both outcomes has no AUC and says so.
    overall : (name, mapping)
    colour : str
    """
    every = [*rows, overall]
    figure, (axes, text) = theme.new_figure(0.85 + 0.26 * len(every), 2, width_ratios=(3, 1.5))
    for place, (_, one) in enumerate(every):
        _row(axes, place, one, colour if place < len(rows) else theme.INK)
        text.text(0, place, _figures(one), va="center", fontsize=7.5)
    names = [theme.readable_text(f"{name}  (n = {one['n']})") for name, one in every]
    axes.set_yticks(range(len(every)), names)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0.5, color=theme.GREY, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.axhline(len(rows) - 0.5, color=theme.RULE, linewidth=0.8)
    for one in (axes, text):
        one.set_ylim(len(every) - 0.4, -0.6)
    axes.set_xlim(min(0.45, _lowest(every) - 0.02), 1.01)
    axes.set_xlabel("AUC (95 % CI)")
    axes.grid(True, axis="x")
    text.set_axis_off()
    return figure


def _row(axes: Any, place: int, one: Mapping[str, Any], colour: str) -> None:
    if one.get("auc") is None:
        return
    low, high = one.get("auc_ci") or (one["auc"], one["auc"])
    axes.plot([low, high], [place, place], color=colour, linewidth=1.4)
    axes.plot(one["auc"], place, marker="s", color=colour, markersize=5.5)


def _figures(one: Mapping[str, Any]) -> str:
    if one.get("auc") is None:
        return f"{one.get('events', 0)} of {one['n']} with the outcome: no AUC"
    return with_interval(one["auc"], one.get("auc_ci"))


def _lowest(rows: Sequence[Row]) -> float:
    lows = [(one.get("auc_ci") or (one["auc"],))[0] for _, one in rows if one.get("auc") is not None]
    return min(lows, default=0.5)
