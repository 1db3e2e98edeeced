import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from phantoms.results import CLOCK, request

from pipelines.results import write_results
from pipelines.summary import SCHEMA_VERSION, summarise
from pipelines.types import Analysis, FeatureVector, Finding, Measurement, RejectedFile, Role
from pipelines.version import VERSION


def test_everything_is_there_and_is_json(phantom_case: Analysis, tmp_path: Path) -> None:
    results = write_results(phantom_case, request(tmp_path))
    summary = summarise(phantom_case, results, request(tmp_path))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["schema_version"] == SCHEMA_VERSION
    assert summary["software"]["lumbar-node"] == VERSION
    assert summary["clock"] == CLOCK.isoformat()
    assert summary["intended_use"] == "RESEARCH USE ONLY"
    assert summary["demonstration"].startswith("DEMONSTRATION MODEL")
    assert [study["modalities"] for study in summary["studies"]] == [["CT"], ["MR"]]
    assert [study["instances"] for study in summary["studies"]] == [6, 12]
    assert summary["series"][0]["role"] == "ct"
    assert summary["series"][0]["reason"] == {"code": "CHOSEN", "text": "best ct of the case"}
    assert summary["segmentations"][1]["structures"] == ["L4 vertebral body", "L4-L5 disc", "spinal canal"]
    assert summary["measurements"][0] == {
        "role": "ct", "structure": "L4 vertebra", "name": "volume", "unit": "cm3", "method": None,
        "level": None, "value": summary["measurements"][0]["value"],
    }  # fmt: skip
    assert summary["predictions"][0]["probability"] == 0.731
    assert summary["predictions"][1]["reasons"][0]["code"] == "CLINICAL_MISSING"
    assert [result["kind"] for result in summary["results"]].count("seg") == 3
    assert summary["timings"] == {"read": 0.5, "segmentation": 12.25}
    assert summary["clinical"] == {"age": 61}


def test_features_are_counted_and_not_listed(phantom_case: Analysis) -> None:
    entry = summarise(phantom_case, ())["features"][0]
    assert entry == {
        "role": "ct", "structure": "L4 vertebra", "kind": "radiomics", "profile": "zscore@1",
        "digest": "ef" * 32, "count": 6,
    }  # fmt: skip


def test_reasons_are_kept(phantom_case: Analysis) -> None:
    reason = Finding("ROI_TOO_SMALL", "3 voxels")
    vector = FeatureVector(Role.CT, "sacrum", "deep", "vit@1", "0" * 64, {}, reason)
    one = replace(phantom_case.analyses[Role.CT], features=(vector,))
    changed = replace(
        phantom_case,
        analyses={Role.CT: one},
        rejected=(RejectedFile(Path("a.dcm"), Finding("NOT_DICOM", "no preamble")),),
        failures={Role.MR_SAG_T2: Finding("NO_CANAL", "no canal")},
    )
    summary = summarise(changed, ())
    assert summary["features"][0]["reason"]["code"] == "ROI_TOO_SMALL"
    assert summary["rejected"] == [{"path": "a.dcm", "reason": {"code": "NOT_DICOM", "text": "no preamble"}}]
    assert summary["failures"] == {"mr_sag_t2": {"code": "NO_CANAL", "text": "no canal"}}


def test_what_json_does_not_know_becomes_plain(phantom_case: Analysis) -> None:
    measurement = Measurement(Role.CT, "sacrum", "volume", float("nan"), "cm3")
    one = replace(phantom_case.analyses[Role.CT], measurements=(measurement,))
    odd = {"age": np.float32(61.5), "levels": ("L4-L5",), "out": Path("a/b")}
    summary = summarise(replace(phantom_case, analyses={Role.CT: one}, clinical=odd), ())
    assert summary["measurements"][0]["value"] is None
    assert summary["clinical"] == {"age": 61.5, "levels": ["L4-L5"], "out": "a/b"}
    assert summary["clock"] is None


def test_it_names_no_patient(phantom_case: Analysis) -> None:
    assert "ller^Eva" not in json.dumps(summarise(phantom_case, ()), ensure_ascii=False)
