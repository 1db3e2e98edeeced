"""The cohort in numbers."""

import json

import pytest

from models.signatures.study.cohort_files import clinical_rows, cohort_summary


def test_a_row_per_patient_with_the_raw_clinical_values(table):
    rows = clinical_rows(table)
    assert list(rows.columns[:4]) == ["patient", "split", "site", "outcome"]
    assert len(rows) == len(table) and (rows["split"] == "test").sum() == table.external.sum()
    assert set(rows["clinical.diagnosis"].dropna()) <= set(table.description.clinical["diagnosis"].values)


def test_the_summary_has_flow_missing_and_drift_per_role_and_scanner(table):
    found = json.loads(json.dumps(cohort_summary(table), allow_nan=False))
    assert found["flow"][0] == {"step": "rows in the table", "n": 150}
    assert found["flow"][-1]["n"] == table.external.sum()
    assert any(name.startswith("clinical.") for name in found["missing"])
    assert {name.partition(":")[0] for name in found["drift"]} >= {"ct", "mr_sag_t2"}
    assert all(0 <= one["psi"] < 5 and one["n"] >= 10 for one in found["drift"].values())


def test_sites_stand_for_scanners_where_none_is_known(table):
    from dataclasses import replace

    blind = replace(table, scanners=table.scanners.iloc[:, :0])
    assert set(cohort_summary(blind)["drift"]) == {f"site {name}" for name in set(table.sites)}
    assert sum(one["n"] for one in cohort_summary(blind)["drift"].values()) == pytest.approx(len(table))
