"""Where each feature lies in the patients it was measured on: five quantiles per feature."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
MINIMUM_ROWS: Final = 8

Row = Mapping[str, float]


@dataclass(frozen=True)
class Reference:
    """Quantiles of features.

    Attributes
    ----------
    quantiles : mapping of str to tuple of 5 floats
        Feature key to its values at LEVELS.
    origin : str
        Where they come from, e.g. "measured on 40 generated patients"; ends up in the model card.
    """

    quantiles: Mapping[str, tuple[float, ...]]
    origin: str

    def restricted(self, columns: Collection[str]) -> "Reference":
        """Keep only these features."""
        quantiles = {name: q for name, q in self.quantiles.items() if name in columns}
        return Reference(quantiles, self.origin)

    def values(self, columns: Sequence[str], z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Place standard normal numbers on the features' own scales.

        Parameters
        ----------
        columns : sequence of str
        z : ndarray of shape (n, len(columns))
            Straight between the quantiles, and beyond the outer ones with the slope before them.
        """
        return np.column_stack([_placed(self.quantiles[name], z[:, i]) for i, name in enumerate(columns)])


def measure(rows: Sequence[Row], origin: str | None = None) -> Reference:
    """Measure the quantiles of every feature that varies and that at least half of the rows have.

    Raises
    ------
    ValueError
        With fewer than 8 rows.
    """
    if len(rows) < MINIMUM_ROWS:
        raise ValueError(
            f"{len(rows)} feature rows given; at least {MINIMUM_ROWS} generated patients are needed"
        )
    quantiles = {}
    for key in sorted(set().union(*rows)):
        values = [row[key] for row in rows if key in row]
        if len(values) >= max(MINIMUM_ROWS, len(rows) / 2) and np.ptp(values) > 0:
            # six digits: enough for a quantile of a few dozen patients, and the file stays small
            quantiles[key] = tuple(float(f"{q:.6g}") for q in np.quantile(values, LEVELS))
    return Reference(quantiles, origin or f"measured on {len(rows)} generated patients")


def read_rows(folder: Path) -> list[dict[str, float]]:
    """Read feature rows, one JSON object per patient, in the order of their file names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def read_reference(path: Path) -> Reference:
    """Read what `write_reference` wrote.

    Raises
    ------
    ValueError
        Names the file.
    """
    try:
        text = json.loads(path.read_text(encoding="utf-8"))
        quantiles = {str(key): tuple(map(float, values)) for key, values in text["quantiles"].items()}
        return Reference(quantiles, str(text["origin"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no reference of features: {error}") from None


def read_source(folder: Path) -> list[dict[str, float]] | Reference:
    """Read feature rows, or the references of predictors that were trained before (`*/reference.json`).

    Raises
    ------
    ValueError
        Names the file that is no reference.
    """
    references = [read_reference(path) for path in sorted(folder.glob("*/reference.json"))]
    if not references:
        return read_rows(folder)
    quantiles = {key: value for one in references for key, value in one.quantiles.items()}
    return Reference(quantiles, "; ".join(dict.fromkeys(one.origin for one in references)))


def write_reference(reference: Reference, path: Path) -> None:
    """Write the quantiles as JSON, one feature per line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(list(q))}" for key, q in sorted(reference.quantiles.items())]
    head = f'{{\n "origin": {json.dumps(reference.origin)},\n "levels": {json.dumps(list(LEVELS))},\n'
    text = head + ' "quantiles": {\n' + ",\n".join(lines) + "\n }\n}\n"
    path.write_text(text, encoding="utf-8")


def _placed(quantiles: tuple[float, ...], z: NDArray[np.float64]) -> NDArray[np.float64]:
    knots = norm.ppf(LEVELS)
    slope_below = (quantiles[1] - quantiles[0]) / (knots[1] - knots[0])
    slope_above = (quantiles[-1] - quantiles[-2]) / (knots[-1] - knots[-2])
    inside = np.interp(z, knots, quantiles)
    below = np.minimum(z - knots[0], 0.0) * slope_below
    above = np.maximum(z - knots[-1], 0.0) * slope_above
    result: NDArray[np.float64] = inside + below + above
    return result
