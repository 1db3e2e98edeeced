"""How LASSO chose features: coefficients over the penalty, and the cross-validated error."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from pipelines.report_training import theme

MOST_PATHS: Final = 400  # more lines than this draw the same grey


def selection_figure(block: Mapping[str, Any], colour: str) -> Figure:
    """Draw one signature's paths (left) and error curve (right).

    Parameters
    ----------
    block : mapping
        `lambda`, `lambdas`, `mse_mean`, `mse_sd`, `path`, `selected` of selection.json.
    colour : str
        Of the features that were selected.
    """
    figure, (paths, error) = theme.new_figure(3.0, 2)
    lambdas = np.asarray(block["lambdas"], dtype=np.float64)
    _paths(paths, block, lambdas, colour)
    _error(error, block, lambdas, colour)
    for axes in (paths, error):
        axes.axvline(block["lambda"], color=theme.INK, linewidth=1, linestyle=(0, (3, 2)))
        axes.set_xscale("log")
        axes.set_xlim(lambdas.max(), lambdas.min())
        ticks = np.geomspace(lambdas.max(), lambdas.min(), 4)
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Penalty λ (strong to weak)")
        axes.grid(True)
    return figure


def _paths(axes: Axes, block: Mapping[str, Any], lambdas: NDArray[np.float64], colour: str) -> None:
    chosen = {one["feature"] for one in block["selected"]}
    path: Mapping[str, Any] = block["path"]
    strongest = sorted(path, key=lambda name: -max(map(abs, path[name]), default=0.0))[:MOST_PATHS]
    for name in [*(one for one in strongest if one not in chosen), *sorted(chosen & set(path))]:
        mark = (
            {"color": colour, "linewidth": 1.1} if name in chosen else {"color": theme.RULE, "linewidth": 0.7}
        )
        axes.plot(lambdas, path[name], **mark)
    axes.axhline(0, color=theme.GREY, linewidth=0.7)
    axes.set_ylabel("Coefficient (standardised)")
    axes.set_title(f"Paths of {len(path)} features; {len(chosen)} selected")


def _error(axes: Axes, block: Mapping[str, Any], lambdas: NDArray[np.float64], colour: str) -> None:
    mean = np.asarray(block["mse_mean"], dtype=np.float64)
    sd = np.asarray(block["mse_sd"], dtype=np.float64)
    axes.fill_between(
        lambdas, mean - sd, mean + sd, color=colour, alpha=0.18, linewidth=0, label="± 1 SD of folds"
    )
    axes.plot(lambdas, mean, color=colour, label="Mean of the folds")
    axes.set_ylabel("Cross-validated squared error")
    axes.set_title(f"λ = {block['lambda']:.3g}")
    axes.legend(loc="best")
