"""Which features a signature rests on."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from pipelines.report_training import theme
from pipelines.report_training.names import feature_text

MOST: Final = 15
_LINE: Final = 52  # characters of a name per line


def importance_figure(selected: Sequence[Mapping[str, Any]], colour: str) -> Figure:
    """Draw the strongest coefficients as bars, and how often each feature was selected.

    Parameters
    ----------
    selected : sequence of mapping
        `feature`, `coefficient` and, where it was measured, `frequency` (share of the refits).
    colour : str
    """
    shown = sorted(selected, key=lambda one: -abs(one["coefficient"]))[:MOST]
    names = [textwrap.fill(theme.readable_text(feature_text(one["feature"])), _LINE) for one in shown]
    lines = sum(name.count("\n") + 1 for name in names)
    figure, (bars,) = theme.new_figure(0.75 + 0.16 * lines + 0.07 * len(shown))
    places = range(len(shown))
    values = [one["coefficient"] for one in shown]
    bars.barh(places, values, color=[colour if value > 0 else theme.GREY for value in values], height=0.62)
    bars.axvline(0, color=theme.INK, linewidth=0.7)
    bars.set_yticks(places, names, fontsize=7)
    bars.invert_yaxis()
    bars.margins(x=0.16)
    bars.set_xlabel("Coefficient per standard deviation: right raises the risk, left lowers it")
    bars.tick_params(axis="y", length=0)
    bars.grid(True, axis="x")
    for place, one in zip(places, shown, strict=True):
        _frequency(bars, place, one)
    return figure


def _frequency(bars: Any, place: int, one: Mapping[str, Any]) -> None:
    frequency, value = one.get("frequency"), one["coefficient"]
    if frequency is not None:
        bars.annotate(
            f"{100 * frequency:.0f} %",
            (value, place),
            xytext=(3 if value >= 0 else -3, 0),
            textcoords="offset points",
            ha="left" if value >= 0 else "right",
            va="center",
            fontsize=6.5,
            color=theme.GREY,
        )
