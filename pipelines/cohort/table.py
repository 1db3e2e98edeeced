"""Rows to the feature table's file, with what made them."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.cohort.extract import Extraction
from pipelines.cohort.read import Cohort, Patient
from pipelines.cohort.rows import CaseRow, Remark
from pipelines.version import VERSION

KINDS: Final = (".parquet", ".csv.gz", ".csv")
METADATA: Final = b"lumbar_node"
PREFIX: Final = "clinical."
_ORDER: Final = ("age", "sex", "bmi", "segments", "osteoporosis", "diagnosis", "fused_levels", "vas")
_TYPES: Final = {"osteoporosis": "boolean", "segments": "Int64", "age": "Float64", "bmi": "Float64"}


def feature_table(cohort: Cohort, extraction: Extraction) -> pd.DataFrame:
    """Join rows and sheet: one row per patient with features, in the sheet's order.

    Returns
    -------
    DataFrame
        `patient`, `outcome`, `site`, `split`, `scanner.<role>`, `clinical.<variable>` (the sheet's value,
        else the header's), then the features, sorted; what nobody has is no column.
    """
    found = [(p, extraction.rows[p.patient]) for p in cohort.patients if p.patient in extraction.rows]
    head = pd.DataFrame([_head(patient) for patient, _ in found])
    head["outcome"] = head["outcome"].astype("Int64")
    parts = [
        head,
        _sorted([row.scanners for _, row in found]),
        _clinical([_known(patient, row) for patient, row in found]),
        _sorted([row.features for _, row in found]),
    ]
    table = pd.concat(parts, axis=1)
    return table.drop(columns=[name for name in ("site", "split") if table[name].isna().all()])


def provenance(extraction: Extraction) -> dict[str, Any]:
    """Say what made the features: every model and profile that a row names."""
    rows = list(extraction.rows.values())
    return {
        "software": VERSION,
        "models": _several(row.models for row in rows),
        "profiles": _several(row.profiles for row in rows),
    }


def write_table(table: pd.DataFrame, path: Path, made_by: Mapping[str, Any]) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    table : DataFrame
    path : Path
        .parquet keeps `made_by` in its metadata (key "lumbar_node"); .csv and .csv.gz beside it, in
        `<path>.json`.
    made_by : mapping

    Raises
    ------
    ValueError
        For another ending.
    """
    check_kind(path)
    part = path.with_name(f".{path.name}.part")
    text = json.dumps(made_by, sort_keys=True)
    if path.name.endswith(".parquet"):
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        pq.write_table(arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), METADATA: text}), part)
    else:
        packing: Any = {"method": "gzip", "mtime": 1} if path.name.endswith(".gz") else None
        table.to_csv(part, index=False, compression=packing)
        path.with_name(f"{path.name}.json").write_text(text + "\n", encoding="utf-8")
    part.replace(path)


def write_remarks(remarks: Iterable[tuple[str, Remark]], path: Path) -> int:
    """Write what was not computed: patient, stage, code, text; return how many lines there are."""
    lines = [(patient, one.stage, one.code, one.text) for patient, one in remarks]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("patient", "stage", "code", "text"), *lines])
    return len(lines)


def stem(path: Path) -> str:
    """Give a table's name without its ending."""
    return next((path.name.removesuffix(kind) for kind in KINDS if path.name.endswith(kind)), path.stem)


def check_kind(path: Path) -> None:
    """Raise ValueError unless the name ends as a table's does."""
    if not path.name.endswith(KINDS):
        raise ValueError(f"{path}: must end in {', '.join(KINDS)}")


def _head(patient: Patient) -> dict[str, Any]:
    return {
        "patient": patient.patient,
        "outcome": patient.outcome,
        "site": patient.site,
        "split": patient.split,
    }


def _known(patient: Patient, row: CaseRow) -> dict[str, Any]:
    joined = {**row.headers, **patient.clinical}
    if "fused_levels" in joined:
        joined["fused_levels"] = ";".join(joined["fused_levels"])
    return joined


def _clinical(rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = sorted({name for row in rows for name in row}, key=lambda name: (_place(name), name))
    columns = {
        f"{PREFIX}{name.removeprefix(PREFIX)}": pd.Series(
            [row.get(name) for row in rows], dtype=_TYPES.get(name)
        )
        for name in names
    }
    return pd.DataFrame(columns, index=range(len(rows)))


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _sorted(rows: list[Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=range(len(rows)))
    return frame[sorted(frame.columns)]


def _several(mappings: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        for name, value in mapping.items():
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in sorted(found.items())}
