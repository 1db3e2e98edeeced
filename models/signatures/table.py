"""A feature table, checked: one row per patient, outcome, features, clinical variables and scanners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.signatures import table_checks as checks
from models.signatures.clinical import PREFIX
from models.signatures.description import Description, plain
from models.signatures.errors import TableError
from models.signatures.levels import adjacent_frame
from models.signatures.table_columns import (
    SCANNER,
    clinical_of,
    feature_names,
    numbers_of,
    outcome_of,
    required_column,
)
from models.signatures.table_file import read_frame, row_name

LEAST_PATIENTS = 20
LEAST_OF_A_CLASS = 5


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Patients with an outcome, ready for training.

    Attributes
    ----------
    patients : tuple of str
        As the id column names them; a row each.
    groups : ndarray of str, shape (n,)
        Rows of one group stay together wherever the table is split.
    sites : ndarray of str, shape (n,)
        "" where there is no site.
    external : ndarray of bool, shape (n,)
        Rows that are kept out of training.
    outcome : ndarray of int, shape (n,)
    features : DataFrame of float64, shape (n, n_features)
        NaN where a value is missing.
    clinical : DataFrame
        Raw values by variable; None where not known.
    scanners : DataFrame of str
        Columns `scanner.<role>`; "" where not known.
    description : Description
    flow : tuple of (str, int)
        Steps and how many patients were left after each.
    missing : mapping of str to float
        Share of missing values, of the columns that have any.
    warnings : tuple of str
        What was dropped or ignored.
    """

    patients: tuple[str, ...]
    groups: NDArray[np.str_]
    sites: NDArray[np.str_]
    external: NDArray[np.bool_]
    outcome: NDArray[np.int64]
    features: pd.DataFrame
    clinical: pd.DataFrame
    scanners: pd.DataFrame
    description: Description
    flow: tuple[tuple[str, int], ...]
    missing: Mapping[str, float]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.patients)

    @cached_property
    def encoded(self) -> pd.DataFrame:
        """The clinical variables as numbers: `clinical.age`, `clinical.sex=M` …; NaN where not known."""
        records = self.clinical.to_dict("records")
        rows = [self.description.encode({str(k): v for k, v in row.items()}) for row in records]
        columns = list(self.description.clinical_columns)
        return pd.DataFrame(rows, columns=columns, index=self.features.index, dtype=np.float64)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """What the estimators of `models.signatures.builders` read: features, clinical columns, scanners."""
        return pd.concat([self.features, self.encoded, self.scanners], axis=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `frame`."""
        return tuple(self.frame.columns)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "FeatureTable":
        """Give some of the patients: a mask, or their places."""
        places = np.arange(len(self))[chosen]
        return FeatureTable(
            tuple(self.patients[i] for i in places),
            self.groups[places],
            self.sites[places],
            self.external[places],
            self.outcome[places],
            self.features.iloc[places],
            self.clinical.iloc[places],
            self.scanners.iloc[places],
            self.description,
            self.flow,
            self.missing,
            self.warnings,
        )


def read_table(
    path: Path,
    *,
    outcome: str | None = None,
    id: str = "patient",  # the command's own word
    group: str | None = None,
    site: str | None = None,
    external: str | None = None,
    drop: Sequence[str] = (),
    description: Description | None = None,
) -> FeatureTable:
    """Read a feature table and refuse what cannot give an honest estimate.

    Parameters
    ----------
    path : Path
        .parquet, .csv or .csv.gz.
    outcome : str, optional
        Column of the outcome; by default the description's.
    id, group, site : str
        Columns of the row's name, of the patient where one has several rows, and of the hospital; without
        `site` the column "site" is taken where there is one.
    external : str, optional
        "split=test": rows kept out of training. By default those whose `split` is test or external; "" for
        none.
    drop : sequence of str
        Columns to leave out.
    description : Description, optional
        Without one the table is plain: every other numeric column counts as radiomics.

    Raises
    ------
    TableError
        Says what, where (row and column) and what to do.
    """
    described = description or plain(outcome=outcome or "outcome")
    plain_table = not any(variant.blocks for variant in described.variants)
    outcome = outcome or described.outcome.column
    frame = read_frame(path, [name for name in (id, group, site, outcome, "site", "split") if name])
    for name in drop:
        required_column(path, frame, name, "--drop")
    frame = frame.drop(columns=list(drop))
    names = required_column(path, frame, id, "--id")
    checks.names_given(path, names, id)
    labels, notes = outcome_of(path, frame, outcome, described)
    known = labels.notna().to_numpy()
    flow = [("rows in the table", len(frame)), ("with a known outcome", int(known.sum()))]
    frame, labels = frame[known], labels[known]
    outside, split_column = checks.external_rows(path, frame, external)
    reserved = {id, outcome, *(one for one in (group, site, split_column) if one)}
    inputs = feature_names(frame, reserved, plain_table=plain_table)
    features, text_notes = numbers_of(path, frame, inputs, plain_table=plain_table)
    if described.recipe.aggregation == "adjacent":
        features = adjacent_frame(features)
    clinical, clinical_notes = clinical_of(path, frame, described)
    table = FeatureTable(
        patients=tuple(frame[id].astype(str)),
        groups=_text(required_column(path, frame, group, "--group") if group else frame[id]),
        sites=_text(_sites(path, frame, site)),
        external=outside,
        outcome=labels.to_numpy(dtype=np.int64),
        features=features,
        clinical=clinical,
        scanners=_scanners(frame),
        description=described,
        flow=(*flow, ("for training", int((~outside).sum()))),
        missing={},
        warnings=(*notes, *text_notes, *clinical_notes),
    )
    return _checked(path, table)


def _checked(path: Path, table: FeatureTable) -> FeatureTable:
    inside = ~table.external
    checks.enough(path, table.outcome[inside], LEAST_PATIENTS, LEAST_OF_A_CLASS)
    rows = [row_name(path, i) for i in table.features.index]
    checks.one_row_each(path, table.patients, rows)
    checks.no_patient_on_both_sides(path, table.groups, table.external)
    kept, warnings = checks.informative(path, table.features, inside)
    required = table.description.required_clinical
    warnings += checks.informative_clinical(path, table.clinical[inside], required)
    absent = table.features[inside].isna().mean()
    checks.no_row_twice(path, kept, rows, table.groups)
    checks.nothing_leaks(path, kept[inside], table.encoded[inside], table.outcome[inside])
    clinical = {f"{PREFIX}{name}": table.clinical[name][inside].isna().mean() for name in table.clinical}
    missing = {name: float(share) for name, share in {**absent, **clinical}.items() if share > 0}
    return FeatureTable(
        **{
            **{name: getattr(table, name) for name in FeatureTable.__dataclass_fields__},
            "features": kept.reset_index(drop=True),
            "clinical": table.clinical.reset_index(drop=True),
            "scanners": table.scanners.reset_index(drop=True),
            "missing": missing,
            "warnings": (*table.warnings, *warnings),
        }
    )


def _sites(path: Path, frame: pd.DataFrame, site: str | None) -> pd.Series:
    if site:
        return required_column(path, frame, site, "--site")
    return frame["site"] if "site" in frame else pd.Series("", index=frame.index)


def _text(column: pd.Series) -> NDArray[np.str_]:
    return np.array(["" if pd.isna(value) else str(value).strip() for value in column], dtype=np.str_)


def _scanners(frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in frame.columns if name.startswith(SCANNER)]
    return pd.DataFrame({name: _text(frame[name]).astype(object) for name in names}, index=frame.index)


__all__ = ["LEAST_PATIENTS", "FeatureTable", "TableError", "read_table"]
