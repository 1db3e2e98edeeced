"""A case through a segmenter of the site: its masks, its name in the results, its digest in the cache."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydicom import dcmread

from models.manifest import open_model
from models.training.bundle import export_bundle
from pipelines.analyse import run
from pipelines.errors import ModelError
from pipelines.phantom import write_patient
from pipelines.types import AnalysisRequest, Role, SegmenterChoice

ROLE = Role.MR_AXIAL_T2


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return export_bundle("axial", tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def request_of(bundle, tmp_path_factory):
    patient = write_patient(tmp_path_factory.mktemp("patient"), seed=1, small=True, truth=False)
    return AnalysisRequest(
        files=tuple(path for path in patient.files if path.parent.name == ROLE.value),
        out_dir=tmp_path_factory.mktemp("out"),
        clock=datetime(2026, 11, 21, tzinfo=UTC),
        cache_dir=tmp_path_factory.mktemp("cache"),
        device="cpu",
        segmenters={ROLE: SegmenterChoice("monai-bundle", {"path": str(bundle)})},
    )


@pytest.fixture(scope="module")
def first(request_of):
    return run(request_of)


def segmentation_of(outcome):
    (segmentation,) = outcome.summary["segmentations"]
    return segmentation


def test_the_results_are_the_bundles(first, request_of, bundle):
    model = segmentation_of(first)["model"]
    assert model["name"] == "lumbar-node axial U-Net"
    assert model["digest"] != open_model("axial")[1].digest  # it covers the preprocessing too
    assert {"left psoas major", "spinal canal"} <= set(segmentation_of(first)["structures"])
    (seg,) = (dcmread(result.path) for result in first.results if result.kind == "seg")
    algorithm = seg.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert model["digest"] in algorithm.AlgorithmParameters


def test_the_same_bundle_is_not_asked_again(first, request_of):
    again = run(request_of)
    assert segmentation_of(again) == segmentation_of(first)
    assert "segmentation" not in again.summary["timings"]


def test_another_label_map_is_another_segmenter(first, request_of, tmp_path):
    path = tmp_path / "label_map.json"
    path.write_text(json.dumps({"structures": {"left psoas major": "left psoas major"}}))
    options = {**request_of.segmenters[ROLE].options, "label_map": str(path)}
    changed = replace(request_of, segmenters={ROLE: SegmenterChoice("monai-bundle", options)})
    found = segmentation_of(run(changed))
    assert found["structures"] == ["left psoas major"]
    assert found["model"]["digest"] != segmentation_of(first)["model"]["digest"]


def test_a_choice_that_cannot_be_made_ends_the_analysis_with_the_reason(request_of):
    wrong = replace(request_of, segmenters={ROLE: SegmenterChoice("none")})
    with pytest.raises(ModelError, match=r"segmentation\.mr_axial_t2: no segmenter is called 'none'"):
        run(wrong)
