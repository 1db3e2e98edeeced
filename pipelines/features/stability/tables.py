"""Stability as a table that a training can filter by, and as a picture."""

import csv
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.features.radiomics.profiles import FEATURE_CLASSES
from pipelines.features.stability.measure import ALL, Stability
from pipelines.features.stability.perturb import KINDS

LEAST = 0.75
"""Good agreement (Koo and Li 2016), asked of the lower limit of the confidence interval."""

COLUMNS = ("key", "profile", "digest", "structures", *KINDS, ALL, f"{ALL}_lower")


def write_table(found: Sequence[Stability], path: Path) -> None:
    """Write a CSV file of one line per feature and group; `key` is the feature table's column."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in found:
            for k, name in enumerate(one.features):
                numbers = [
                    one.agreements[kind].value[k] if kind in one.agreements else np.nan
                    for kind in (*KINDS, ALL)
                ]
                texts = [_text(number) for number in (*numbers, one.agreements[ALL].lower[k])]
                writer.writerow([f"{one.prefix}.{name}", one.profile, one.digest, one.structures, *texts])


def stable_keys(path: Path, least: float = LEAST) -> frozenset[str]:
    """Read the keys of the features whose agreement over all perturbations is at least `least`.

    Parameters
    ----------
    path : Path
        Written by `write_table`.
    least : float
        Of the lower limit of ICC's confidence interval.
    """
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    return frozenset(line["key"] for line in lines if float(line[f"{ALL}_lower"] or "nan") >= least)


def write_picture(found: Sequence[Stability], path: Path) -> None:
    """Write a PNG file: for each group, the share of stable features by image and class."""
    columns = max(1, min(4, len(found)))
    rows = max(1, -(-len(found) // columns))
    figure = Figure(figsize=(4.2 * columns, 3.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, one in zip_longest(figure.subplots(rows, columns, squeeze=False).ravel(), found):
        axes.set_axis_off() if one is None else _draw(axes, one)
    figure.suptitle(
        f"Share of features with ICC of at least {LEAST} (lower 95 % limit) over all perturbations"
    )
    figure.savefig(path, dpi=110)


def _draw(axes: Axes, one: Stability) -> None:
    images = list(dict.fromkeys(name.split("_")[0] for name in one.features))
    shares = _shares(one, images)
    axes.imshow(shares, vmin=0, vmax=1, cmap="RdYlGn", aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(FEATURE_CLASSES)), FEATURE_CLASSES, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(images)), images, fontsize=8)
    axes.set_title(f"{one.prefix} ({one.structures})", fontsize=9)


def _shares(one: Stability, images: Sequence[str]) -> NDArray[np.float64]:
    """Give the share of stable features, (images, classes); NaN where there are none."""
    stable = dict(zip(one.features, one.agreements[ALL].lower >= LEAST, strict=True))
    shares = np.full((len(images), len(FEATURE_CLASSES)), np.nan)
    for row, image in enumerate(images):
        for column, family in enumerate(FEATURE_CLASSES):
            every = [value for name, value in stable.items() if name.startswith(f"{image}_{family}_")]
            if every:
                shares[row, column] = np.mean(every)
    return shares


def _text(number: float) -> str:
    return f"{number:.4f}" if np.isfinite(number) else ""
