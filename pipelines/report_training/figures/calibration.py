"""Do predicted risks come true? Groups of patients, and the recalibration line."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from pipelines.report_training import theme
from pipelines.report_training.numbers import figure as number
from pipelines.report_training.study import Scores, Study

MINIMUM_EVENTS: Final = 5  # fewer in a group would show chance
_MOST_GROUPS: Final = 8
_TITLES: Final = {"nested": "Unseen patients of the training set", "external": "{outside}"}


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of similar predicted risk.

    Attributes
    ----------
    n : float
        Patients; a patient who was scored r times counts r times 1/r.
    predicted, observed : float
        Mean risk, and the share with the outcome.
    low, high : float
        Wilson's 95 % interval of the share.
    """

    n: float
    predicted: float
    observed: float
    low: float
    high: float


def calibration_sets(study: Study) -> tuple[str, ...]:
    """List the sets of unseen patients in which the headline model can be judged."""
    return tuple(set_ for set_ in _TITLES if any(one.both for one in study.scores(study.headline, set_)))


def calibration_figure(study: Study) -> Figure:
    """Draw the headline model's calibration, one panel per set of unseen patients."""
    sets = calibration_sets(study)
    figure, panels = theme.new_figure(3.35, max(len(sets), 2))
    for axes, set_ in zip(panels, sets, strict=False):
        _panel(axes, study, set_)
    for axes in panels[len(sets) :]:
        axes.set_axis_off()
    return figure


def groups_of(repeats: tuple[Scores, ...]) -> tuple[Group, ...]:
    """Divide patients into groups of like risk.

    From the lowest risk upwards a group is closed as soon as it holds an eighth of the patients, and at least
    5 of them with and 5 without the outcome; what is left at the end joins the last group.
    """
    outcome = np.concatenate([one.outcome for one in repeats])
    risk = np.concatenate([one.probability for one in repeats])
    order = np.argsort(risk, kind="stable")
    cuts = _cuts(outcome[order], len(repeats))
    parts = np.split(order, cuts)
    return tuple(_group(outcome[part], risk[part], len(repeats)) for part in parts)


def _cuts(outcome: NDArray[np.int64], repeats: int) -> list[int]:
    """Give where one group ends and the next begins, in patients sorted by risk."""
    least, size = MINIMUM_EVENTS * repeats, len(outcome) / _MOST_GROUPS
    events = np.concatenate([[0], np.cumsum(outcome)])
    cuts = [0]
    for place in range(1, len(outcome) + 1):
        n, with_ = place - cuts[-1], int(events[place] - events[cuts[-1]])
        if n >= size and least <= with_ <= n - least:
            cuts.append(place)
    return cuts[1:-1]  # the last group goes on to the end


def _group(outcome: NDArray[np.int64], risk: NDArray[np.float64], repeats: int) -> Group:
    n = len(outcome) / repeats
    share = float(outcome.mean())
    low, high = _wilson(share, n)
    return Group(n, float(risk.mean()), share, low, high)


def _wilson(share: float, n: float) -> tuple[float, float]:
    z = float(norm.ppf(0.975))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)


def _panel(axes: Axes, study: Study, set_: str) -> None:
    repeats = study.scores(study.headline, set_)
    colour = theme.colour_of(study.headline)
    axes.plot([0, 1], [0, 1], color=theme.GREY, linewidth=1, linestyle=(0, (3, 2)), label="Perfect")
    _line(axes, study, set_, repeats, colour)
    groups = groups_of(repeats)
    x = np.array([one.predicted for one in groups])
    y = np.array([one.observed for one in groups])
    error = np.array([[one.observed - one.low, one.high - one.observed] for one in groups]).T
    axes.errorbar(x, y, error, fmt="o", color=colour, markersize=4.5, elinewidth=1, label="Groups, 95 % CI")
    _spread(axes, repeats)
    axes.set(xlim=(0, 1), ylim=(-0.13, 1.02), xlabel="Predicted risk", ylabel="Patients with the outcome")
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_title(_TITLES[set_].format(outside=study.outside))
    axes.grid(True)
    axes.legend(loc="upper left")


def _line(axes: Axes, study: Study, set_: str, repeats: tuple[Scores, ...], colour: str) -> None:
    found = study.of(study.headline).get(set_) or {}
    slope, intercept = found.get("calibration_slope"), found.get("calibration_intercept")
    if slope is None or intercept is None:
        return
    risk = np.concatenate([one.probability for one in repeats])
    x = np.linspace(max(risk.min(), 1e-4), min(risk.max(), 1 - 1e-4), 200)
    label = f"Slope {number(slope)}, intercept {number(intercept)}"
    axes.plot(x, expit(intercept + slope * logit(x)), color=colour, label=label)


def _spread(axes: Axes, repeats: tuple[Scores, ...]) -> None:
    """Show how the risks are spread: patients with the outcome as bars up, those without as bars down."""
    edges = np.linspace(0, 1, 41)
    outcome = np.concatenate([one.outcome for one in repeats])
    risk = np.concatenate([one.probability for one in repeats])
    counts = [np.histogram(risk[outcome == value], edges)[0] for value in (1, 0)]
    scale = 0.05 / max(*(int(count.max()) for count in counts), 1)
    middle = (edges[1:] + edges[:-1]) / 2
    for count, sign, shade in zip(counts, (1, -1), (theme.INK, theme.GREY), strict=True):
        axes.bar(middle, sign * scale * count, width=0.02, bottom=-0.07, color=shade)
