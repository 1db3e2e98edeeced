"""Features over levels: the mean over all, or those next to the fusion where its levels are known."""

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

_ADJACENT: Final = "adjacent_"


def adjacent_row(row: Mapping[str, float]) -> dict[str, float]:
    """Let the adjacent levels' features stand for their group's: `adjacent_disc` in place of `disc`.

    A group without adjacent features keeps its own, the mean over its levels.
    """
    result = {name: value for name, value in row.items() if name == _own(name)}
    return result | {_own(name): value for name, value in row.items() if name != _own(name)}


def adjacent_frame(features: pd.DataFrame) -> pd.DataFrame:
    """Do the same for a table, patient by patient: whose fused levels are not known keeps the mean."""
    pairs = _pairs(features.columns)
    replaced = {
        own: features[adjacent].where(features[adjacent].notna(), features[own])
        if own in features
        else features[adjacent]
        for adjacent, own in pairs
    }
    rest = features.drop(columns=[adjacent for adjacent, _ in pairs])
    kept = rest.drop(columns=[own for own in replaced if own in rest])
    joined = pd.concat([kept, pd.DataFrame(replaced, index=features.index)], axis=1)
    order = dict.fromkeys([_own(str(name)) for name in features.columns])
    return joined[list(order)]


def _pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, _own(name)) for name in map(str, names) if name != _own(name)]


def _own(name: str) -> str:
    """Name the group's own feature: "mr_sag_t2.adjacent_disc.deep.deep_000" is one of "mr_sag_t2.disc…"."""
    role, dot, rest = name.partition(".")
    return f"{role}{dot}{rest.removeprefix(_ADJACENT)}"
