"""Hospitals and scanners of a generated cohort: who was seen where, and what the scanner did to features."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Names = NDArray[np.str_]

_FIELDS: Final = ("1.5", "3")  # tesla
_VOLTAGES: Final = ("120", "100")  # kVp


def assign_sites(
    n_patients: int, sites: int, split: Sequence[int], rng: np.random.Generator
) -> tuple[Names, Names]:
    """Say where each patient was seen and what the patient is used for.

    Parameters
    ----------
    split : sequence of three int
        Proportions of train, test and external.

    Returns
    -------
    site : ndarray of str, shape (n_patients,)
        "site 1" …; with two or more, the last holds the external patients and no others.
    split : ndarray of str, shape (n_patients,)
    """
    outside = round(n_patients * split[2] / sum(split)) if sites > 1 else 0
    inside = n_patients - outside
    training = round(inside * split[0] / (split[0] + split[1]))
    use = np.repeat(["train", "test", "external"], [training, inside - training, outside])
    use[:inside] = rng.permutation(use[:inside])
    own = max(sites - 1, 1)
    where = np.concatenate([rng.permutation(np.arange(inside) % own), np.full(outside, sites - 1)])
    return np.array([f"site {i + 1}" for i in where]), use


def scanner_columns(columns: Sequence[str], site: Names) -> pd.DataFrame:
    """Give every role's scanner, one per site: "manufacturer|model|field strength (T) or kVp".

    Returns
    -------
    DataFrame of n_patients rows
        Columns `scanner.<role>`.
    """
    number = np.array([int(name.rpartition(" ")[2]) - 1 for name in site])
    return pd.DataFrame({f"scanner.{role}": [_scanner(role, n) for n in number] for role in _roles(columns)})


def shifted(z: Array, columns: Sequence[str], site: Names, shift: float, rng: np.random.Generator) -> Array:
    """Move and stretch every feature by its scanner: the location-scale model of ComBat.

    Parameters
    ----------
    z : ndarray of shape (n_patients, n_columns)
        Features in standard deviations.
    shift : float
        Standard deviation of a feature's move between sites, half of it common to a structure's features.
    """
    names = sorted(set(site))
    blocks = [column.rpartition(".")[0] for column in columns]
    order = {block: i for i, block in enumerate(sorted(set(blocks)))}
    together = rng.normal(size=(len(names), len(order)))[:, [order[b] for b in blocks]]
    apart = rng.normal(size=(len(names), len(columns)))
    stretch = np.exp(0.2 * shift * rng.normal(size=(len(names), len(columns))))
    row = np.searchsorted(names, site)
    moved: Array = z * stretch[row] + shift * np.sqrt(0.5) * (together + apart)[row]
    return moved


def blank(table: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Take values away completely at random: whole structures of a series, and single clinical values.

    A patient keeps one structure at least; where a series lost all of them, its scanner is gone too.
    """
    if not share:
        return table
    groups = _structures(list(table.columns))
    lost = rng.random((len(table), len(groups))) < share
    whole = np.flatnonzero(lost.all(axis=1))
    lost[whole, rng.integers(len(groups), size=len(whole))] = False
    for name, gone in zip(groups, lost.T, strict=True):
        table.loc[gone, groups[name]] = np.nan
    for role in _roles(list(table.filter(regex=r"^(ct|mr_)").columns)):
        places = [i for i, name in enumerate(groups) if name.startswith(f"{role}.")]
        table.loc[lost[:, places].all(axis=1), f"scanner.{role}"] = None
    for name in table.filter(regex=r"^clinical\.").columns:
        table[name] = table[name].mask(rng.random(len(table)) < share)
    return table


def _structures(columns: Sequence[str]) -> dict[str, list[str]]:
    """Group the feature columns by `<role>.<group>`."""
    found: dict[str, list[str]] = {}
    for column in columns:
        if column.startswith(("ct.", "mr_")):
            found.setdefault(".".join(column.split(".")[:2]), []).append(column)
    return found


def _roles(columns: Sequence[str]) -> list[str]:
    return sorted({column.partition(".")[0] for column in columns})


def _scanner(role: str, number: int) -> str:
    vendor, kind = chr(ord("A") + number % 26), "CT" if role == "ct" else "MR"
    strength = (_VOLTAGES if role == "ct" else _FIELDS)[number % 2]
    return f"Generated {vendor}|{kind} {number + 1}|{strength}"
