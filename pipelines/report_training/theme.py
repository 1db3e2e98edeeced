"""Colours, fonts and sizes of the report's figures.

The colours of the models are those of Okabe and Ito (2008), which people with any common form of colour
blindness tell apart; every model has its own line style too, for print in grey.
"""

from collections.abc import Mapping
from typing import Any, Final

from anyascii import anyascii
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.fonts import FONT, shows

WIDTH: Final = 6.7  #: inches, of a figure across the page: A4 less its margins

INK, GREY, RULE, SOFT, PAPER = "#1d2329", "#5b6670", "#ccd3d9", "#e9edf0", "#ffffff"
ALARM: Final = "#b3261e"
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"

#: Colours that follow the page between light and dark, by the name of the style sheet's variable.
VARIABLES: Final[Mapping[str, str]] = {INK: "ink", GREY: "grey", RULE: "rule", SOFT: "soft", PAPER: "paper"}

MODEL_COLOURS: Final[Mapping[str, str]] = {
    "radiomics": BLUE,
    "deep": ORANGE,
    "clinical": GREEN,
    "combined": RED,
}
MODEL_STYLES: Final[Mapping[str, Any]] = {
    "radiomics": (0, (5, 1.5)),
    "deep": (0, (1, 1)),
    "clinical": (0, (5, 1.2, 1, 1.2)),
    "combined": "-",
}
MODEL_NAMES: Final[Mapping[str, str]] = {
    "radiomics": "Radiomics",
    "deep": "Deep features",
    "clinical": "Clinical",
    "combined": "Combined",
}
RC: Final[Mapping[str, Any]] = {
    "font.family": FONT,
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "grid.color": SOFT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.6,
    "figure.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "lumbar-node",
}


def new_figure(height: float, columns: int = 1, **gridspec: Any) -> tuple[Figure, list[Axes]]:
    """Make a figure across the page with panels side by side.

    Parameters
    ----------
    height : float
        Inches.
    columns : int
    **gridspec
        For `Figure.subplots`, `width_ratios` among them.
    """
    with rc_context(dict(RC)):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(1, columns, squeeze=False, gridspec_kw=gridspec or None)
    return figure, list(panels.ravel())


def readable_text(text: str) -> str:
    """Write what the figures' and the PDF's font cannot show in Latin letters: "北京" becomes "BeiJing"."""
    return "".join(one if shows(one) else anyascii(one) or "?" for one in text)


def colour_of(model: str) -> str:
    """Give a model's colour."""
    return MODEL_COLOURS.get(model, PURPLE)


def style_of(model: str) -> Any:
    """Give a model's line style."""
    return MODEL_STYLES.get(model, "-")


def name_of(model: str) -> str:
    """Name a model."""
    return MODEL_NAMES.get(model, model.replace("_", " "))
