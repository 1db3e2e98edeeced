"""Is the estimate more than chance, and would more patients help? Permutations and the learning curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report_training import theme
from pipelines.report_training.numbers import figure as number
from pipelines.report_training.numbers import p_value


def trust_figure(
    permutation: Mapping[str, Any] | None,
    learning: Sequence[Mapping[str, Any]],
    auc: float | None,
    colour: str,
) -> Figure:
    """Draw what there is of both, side by side."""
    figure, panels = theme.new_figure(2.75, 2)
    left = list(panels)
    if permutation:
        _permutation(left.pop(0), permutation, auc, colour)
    if learning:
        _learning(left.pop(0), learning, colour)
    for axes in left:
        axes.set_axis_off()
    return figure


def _permutation(axes: Axes, permutation: Mapping[str, Any], auc: float | None, colour: str) -> None:
    values = np.asarray(permutation["auc"], dtype=np.float64)
    axes.hist(
        values,
        bins=min(20, max(len(values) // 3, 5)),
        color=theme.GREY,
        alpha=0.75,
        label="Outcomes shuffled",
    )
    if auc is not None:
        axes.axvline(auc, color=colour, linewidth=2, label=f"True outcomes: {number(auc)}")
    axes.axvline(0.5, color=theme.INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.margins(x=0.08)
    axes.set(xlabel="AUC of the whole procedure", ylabel="Permutations")
    axes.locator_params(axis="x", nbins=6)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_title(f"{permutation['n']} permutations, p {_equals(permutation.get('p'))}")
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    axes.legend(loc="upper left", frameon=True, facecolor=theme.PAPER, edgecolor="none", framealpha=1)


def _learning(axes: Axes, learning: Sequence[Mapping[str, Any]], colour: str) -> None:
    n = np.array([one["n"] for one in learning])
    auc = np.array([one["auc"] for one in learning], dtype=np.float64)
    sd = np.array([one.get("sd") or 0.0 for one in learning], dtype=np.float64)
    axes.fill_between(n, auc - sd, auc + sd, color=colour, alpha=0.18, linewidth=0, label="± 1 SD of draws")
    axes.plot(n, auc, color=colour, marker="o", markersize=4, label="Unseen patients")
    axes.axhline(0.5, color=theme.INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_ylim(min(0.42, float((auc - sd).min()) - 0.05), min(1.0, float((auc + sd).max()) + 0.12))
    axes.set(xlabel="Patients in training", ylabel="AUC")
    axes.set_title("Learning curve")
    axes.grid(True)
    axes.legend(loc="upper left")


def _equals(p: Any) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"
