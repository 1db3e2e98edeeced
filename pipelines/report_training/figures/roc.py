"""Receiver operating characteristic curves."""

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from pipelines.report_training import theme
from pipelines.report_training.numbers import with_interval
from pipelines.report_training.study import Scores, Study

_GRID: Final = np.linspace(0, 1, 201)
_TITLES: Final = {
    "nested": "Patients of the training set,\neach unseen when scored",
    "paper": "Internal validation\n(papers' recipe: optimistic)",
    "external": "{outside}",
}
_MARKERS: Final = ("o", "s", "^", "D", "v", "P")


def roc_figure(study: Study) -> Figure:
    """Draw one panel per set of patients; the apparent curve of the headline model is dashed in grey."""
    sets = roc_sets(study)
    figure, panels = theme.new_figure(3.55, max(len(sets), 2))
    for axes, set_ in zip(panels, sets, strict=False):
        _panel(axes, study, set_)
    for axes in panels[len(sets) :]:
        axes.set_axis_off()
    return figure


def roc_sets(study: Study) -> tuple[str, ...]:
    """List the sets of unseen patients for which there are probabilities."""
    return tuple(
        set_ for set_ in _TITLES if any(_usable(study.scores(model, set_)) for model in study.models)
    )


def mean_curve(repeats: tuple[Scores, ...]) -> NDArray[np.float64]:
    """Average the sensitivity of the repeats at each false positive rate.

    Returns
    -------
    ndarray of shape (201,)
        Over false positive rates from 0 to 1.
    """
    curves = []
    for one in repeats:
        false, true, _ = roc_curve(one.outcome, one.probability)
        curves.append(np.interp(_GRID, false, true))
    mean: NDArray[np.float64] = np.concatenate([[0.0], np.mean(curves, axis=0)[1:]])
    return mean


def _panel(axes: Axes, study: Study, set_: str) -> None:
    axes.plot([0, 1], [0, 1], color=theme.RULE, linewidth=1)
    for model in study.models:
        repeats = _usable(study.scores(model, set_))
        if repeats:
            _curve(axes, study, model, set_, repeats)
    if set_ == "nested":
        _apparent(axes, study)
        _readers(axes, study)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set(xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    axes.set(xlabel="1 − specificity", ylabel="Sensitivity")
    axes.set_title(_TITLES[set_].format(outside=study.outside))
    axes.grid(True)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4.6, handlelength=2.6, labelspacing=0.3
    )


def _curve(axes: Axes, study: Study, model: str, set_: str, repeats: tuple[Scores, ...]) -> None:
    found: dict[str, Any] = study.of(model).get(set_) or {}
    label = f"{theme.name_of(model)} {with_interval(found.get('auc'), found.get('auc_ci'))}"
    style = {"color": theme.colour_of(model), "linestyle": theme.style_of(model)}
    axes.plot(_GRID, mean_curve(repeats), label=label, **style)


def _apparent(axes: Axes, study: Study) -> None:
    repeats = _usable(study.scores(study.headline, "in_sample"))
    if repeats:
        found = study.of(study.headline).get("in_sample") or {}
        label = f"{theme.name_of(study.headline)}, seen {with_interval(found.get('auc'), None)}"
        axes.plot(
            _GRID, mean_curve(repeats), color=theme.GREY, linestyle=(0, (3, 2)), linewidth=1.1, label=label
        )


def _readers(axes: Axes, study: Study) -> None:
    readers = (study.metrics.get("readers") or {}).get("readers", ())
    known = [one for one in readers if None not in (one["sensitivity"], one["specificity"])]
    for index, reader in enumerate(known):
        axes.plot(
            1 - reader["specificity"],
            reader["sensitivity"],
            linestyle="none",
            marker=_MARKERS[index % len(_MARKERS)],
            markersize=6,
            color=theme.PURPLE,
            markeredgecolor=theme.INK,
            markeredgewidth=0.6,
            label=theme.readable_text(str(reader["reader"])),
        )


def _usable(repeats: tuple[Scores, ...]) -> tuple[Scores, ...]:
    return tuple(one for one in repeats if one.both)
