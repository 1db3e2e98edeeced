"""What made a feature table's numbers, as the table itself says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.signatures.errors import TableError

METADATA: Final = b"lumbar_node"
#: What `lumbar-node simulate` writes beside its table.
SIMULATION: Final = "simulation.json"


@dataclass(frozen=True)
class Origin:
    """Where a table comes from.

    Attributes
    ----------
    profiles, models : mapping of str to str
        Radiomics profiles and networks by name, each with its digest; empty where the table does not say.
    simulated : bool
        Whether its patients are generated.
    """

    profiles: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False


def origin_of(path: Path) -> Origin:
    """Read what `lumbar-node extract` or `simulate` wrote into a table or beside it.

    Raises
    ------
    TableError
        If the rows were made by several versions of one profile or network: their numbers do not compare.
    """
    said = _said(path)
    return Origin(
        profiles=_one_each(path, said.get("profiles")),
        models=_one_each(path, said.get("models")),
        simulated=bool(said.get("simulated")) or (path.parent / SIMULATION).is_file(),
    )


def _said(path: Path) -> dict[str, Any]:
    try:
        if path.name.endswith(".parquet"):
            text = (pq.read_schema(path).metadata or {}).get(METADATA, b"{}")
        else:
            text = path.with_name(f"{path.name}.json").read_bytes()
        found = json.loads(text)
    except (OSError, ValueError, pa.ArrowException):
        return {}
    return found if isinstance(found, dict) else {}


def _one_each(path: Path, named: Any) -> dict[str, str]:
    result: dict[str, str] = {}
    for name, digests in (named or {}).items():
        listed = [digests] if isinstance(digests, str) else list(digests)
        if len(listed) > 1:
            raise TableError(
                f"{path}: its rows come from {len(listed)} versions of {name} and do not compare; "
                "run `lumbar-node extract` again"
            )
        result[str(name)] = str(listed[0])
    return result
