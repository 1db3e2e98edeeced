"""What a training is made of: the predictor, the table, the readers, the features that stand still."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.signatures.description import Description, built_in, read_description
from models.signatures.errors import TrainingInputError
from models.signatures.study.readers_file import read_readers
from models.signatures.table import FeatureTable, read_table
from models.validation.results import key_of


@dataclass(frozen=True)
class Request:
    """What the user names.

    Attributes
    ----------
    table : Path
        Feature table.
    target : str, optional
        Built-in predictor or TOML file; none for a plain feature table.
    outcome, id, group, site, external, drop
        As of `models.signatures.table.read_table`.
    vas_cutoff : float, optional
        Cut-off of the outcome's scale.
    readers : Path, optional
        Readers' calls.
    """

    table: Path
    target: str | None = None
    outcome: str | None = None
    id: str = "patient"
    group: str | None = None
    site: str | None = None
    external: str | None = None
    drop: tuple[str, ...] = ()
    vas_cutoff: float | None = None
    readers: Path | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """What was read of it.

    Attributes
    ----------
    table : FeatureTable
    calls : mapping, optional
        Reader to patient to call.
    stable : frozenset of str, optional
        Features that keep their values under small changes.
    """

    table: FeatureTable
    calls: Mapping[str, Mapping[str, int]] | None = None
    stable: frozenset[str] | None = None


def describe(target: str | None, vas_cutoff: float | None) -> Description | None:
    """Read the predictor's description; None for a plain table.

    Raises
    ------
    TrainingInputError
        If there is none of this name, the file is not right, or a cut-off that must be stated is not.
    """
    if target is None:
        if vas_cutoff is not None:
            raise TrainingInputError("--vas-cutoff belongs to a predictor with a scale, as in `train pain`")
        return None
    description = read_description(Path(target)) if target.endswith(".toml") else built_in(target)
    return description.with_cutoff(vas_cutoff).for_training()


def gather(request: Request) -> Material:
    """Read and check everything that the user names.

    Raises
    ------
    TrainingInputError
        One line: what is wrong, where, and what to do.
    """
    description = describe(request.target, request.vas_cutoff)
    table = read_table(
        request.table,
        outcome=request.outcome,
        id=request.id,
        group=request.group,
        site=request.site,
        external=request.external,
        drop=request.drop,
        description=description,
    )
    calls = read_readers(request.readers, set(table.patients)) if request.readers else None
    return Material(table, calls)


def digest(material: Material) -> str:
    """Give one digest of what a fit depends on but its split: table, description, stable features."""
    table = material.table
    numbers = pd.util.hash_pandas_object(table.frame, index=False).to_numpy()
    return key_of(
        {
            "description": json.loads(table.description.model_dump_json(by_alias=True)),
            "columns": table.columns,
            "rows": [int(value) for value in numbers],
            "outcome": table.outcome.tolist(),
            "groups": table.groups.tolist(),
            "external": np.flatnonzero(table.external).tolist(),
            "stable": sorted(material.stable or ()),
        }
    )
