"""What stays at the site: the patients' clinical variables, and the cohort in numbers."""

from typing import Any, Final

import numpy as np
import pandas as pd

from models.signatures.clinical import PREFIX
from models.signatures.table import FeatureTable
from models.signatures.table_columns import SCANNER
from models.validation.drift import scanner_drift

_MOST_FEATURES: Final = 500  # per role: enough for a median over features


def clinical_rows(table: FeatureTable) -> pd.DataFrame:
    """Give one row per patient: patient, split, site, outcome, clinical variables as the table has them."""
    clinical = table.clinical.add_prefix(PREFIX).reset_index(drop=True)
    head = pd.DataFrame(
        {
            "patient": table.patients,
            "split": np.where(table.external, "test", "train"),
            "site": table.sites,
            "outcome": table.outcome,
        }
    )
    return pd.concat([head, clinical], axis=1)


def cohort_summary(table: FeatureTable) -> dict[str, Any]:
    """Give the flow of patients, the shares of missing values, and each scanner's drift."""
    flow = [{"step": step, "n": int(n)} for step, n in table.flow]
    outside = int(table.external.sum())
    if outside:
        flow.append({"step": "kept out of training (external)", "n": outside})
    return {"flow": flow, "missing": dict(table.missing), "drift": drift(table)}


def drift(table: FeatureTable) -> dict[str, Any]:
    """Give the population stability index of each scanner's features against the other scanners'.

    Sites stand for scanners where none is known. Of a role with more than 500 features every k-th is taken.
    """
    roles = [name.removeprefix(SCANNER) for name in table.scanners.columns]
    found: dict[str, Any] = {}
    for role in roles:
        own = [name for name in table.features.columns if name.startswith(f"{role}.")]
        scanners = table.scanners[SCANNER + role].to_numpy(dtype=object)
        rows = scanner_drift(_some(table, own), scanners)
        found |= {f"{role}: {scanner}": values for scanner, values in rows.items()}
    if not roles:
        rows = scanner_drift(_some(table, list(table.features.columns)), table.sites.astype(object))
        found = {f"site {site}": values for site, values in rows.items()}
    return found


def _some(table: FeatureTable, names: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    step = max(1, -(-len(names) // _MOST_FEATURES))
    return table.features[names[::step]].to_numpy()
