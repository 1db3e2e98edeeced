"""Is acting on the model better than treating all patients or none? (Vickers and Elkin 2006)."""

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.validation.decision import decision_curve
from pipelines.report_training import theme
from pipelines.report_training.study import Scores, Study

THRESHOLDS: Final = np.linspace(0.01, 0.90, 90)
_TITLES: Final = {"nested": "Unseen patients of the training set", "external": "{outside}"}


def decision_sets(study: Study) -> tuple[str, ...]:
    """List the sets of unseen patients for which curves can be drawn."""
    return tuple(set_ for set_ in _TITLES if any(one.both for one in study.scores(study.headline, set_)))


def decision_figure(study: Study) -> Figure:
    """Draw net benefit over the threshold, one panel per set of unseen patients."""
    sets = decision_sets(study)
    figure, panels = theme.new_figure(3.0, max(len(sets), 2))
    for axes, set_ in zip(panels, sets, strict=False):
        first = study.scores(study.headline, set_)[0]
        for model in study.models:
            repeats = study.scores(model, set_)
            if repeats:
                style = {"color": theme.colour_of(model), "linestyle": theme.style_of(model)}
                axes.plot(THRESHOLDS, net_benefit(repeats), label=theme.name_of(model), **style)
        everyone = decision_curve(first.outcome, first.probability, THRESHOLDS).treat_all
        axes.plot(THRESHOLDS, everyone, color=theme.GREY, linewidth=1, label="Treat all")
        axes.axhline(0, color=theme.INK, linewidth=1, label="Treat none")
        axes.axvline(study.metrics.get("threshold") or 0.5, color=theme.RULE, linewidth=1, zorder=0)
        axes.set(xlim=(0, 0.9), ylim=(-0.06, float(first.outcome.mean()) + 0.04))
        axes.set(xlabel="Threshold of risk for acting", ylabel="Net benefit per patient")
        axes.set_title(_TITLES[set_].format(outside=study.outside))
        axes.grid(True)
    panels[0].legend(loc="upper right")
    for axes in panels[len(sets) :]:
        axes.set_axis_off()
    return figure


def net_benefit(repeats: tuple[Scores, ...]) -> NDArray[np.float64]:
    """Give the net benefit at each of THRESHOLDS, averaged over the repeats."""
    curves = [decision_curve(one.outcome, one.probability, THRESHOLDS).model for one in repeats]
    mean: NDArray[np.float64] = np.mean(curves, axis=0)
    return mean
