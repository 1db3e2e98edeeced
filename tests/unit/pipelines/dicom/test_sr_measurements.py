from dataclasses import replace
from pathlib import Path

import highdicom as hd
import pytest
from phantoms.readback import coded, items, numbers, texts
from phantoms.results import CLOCK, SeriesRecipe, analyse, segment, write_series
from pydicom.dataset import Dataset

from pipelines.dicom.seg import SegObject, build_seg
from pipelines.dicom.sr_measurements import build_measurement_sr
from pipelines.errors import PipelineError
from pipelines.types import FeatureVector, Finding, Measurement, Role, SeriesAnalysis


@pytest.fixture
def analysis(tmp_path: Path) -> SeriesAnalysis:
    recipe = SeriesRecipe(modality="MR", number=7, role=Role.MR_AXIAL_T2)
    return analyse(segment(write_series(recipe, tmp_path), "left multifidus", "right multifidus"))


def _built(analysis: SeriesAnalysis, title_mode: str = "readable") -> tuple[SegObject, Dataset]:
    seg = build_seg(analysis.segmentation, CLOCK)
    return seg, build_measurement_sr(analysis, seg, title_mode, CLOCK)


def test_groups_carry_the_segments_tracking_uids_and_refer_to_them(analysis: SeriesAnalysis) -> None:
    seg, report = _built(analysis)
    groups = hd.sr.Comprehensive3DSR.from_dataset(report).content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_uid for group in groups] == [
        item.TrackingUID for item in seg.dataset.SegmentSequence
    ]
    assert [group.tracking_identifier for group in groups] == ["left multifidus", "right multifidus"]
    referred = [item.ReferencedSOPSequence[0] for item in items(report, "IMAGE")]
    assert {item.ReferencedSOPInstanceUID for item in referred} == {seg.dataset.SOPInstanceUID}
    assert [item.ReferencedSegmentNumber for item in referred] == [1, 2]


def test_every_container_is_separate(analysis: SeriesAnalysis) -> None:
    _, report = _built(analysis)
    containers = items(report, "CONTAINER")
    assert report.ContinuityOfContent == "SEPARATE"
    assert {item.ContinuityOfContent for item in containers} == {"SEPARATE"}
    assert len(containers) == 4  # measurements, two groups, texts


def test_measurements_have_their_unit_derivation_and_method(analysis: SeriesAnalysis) -> None:
    _, report = _built(analysis)
    found = numbers(report)
    assert found["Volume"][1] == "cm3"
    assert found["Fat infiltration rate (3-component Gaussian mixture)"] == (0.213, "1")
    assert ("Derivation", "Mean") in coded(report)
    assert ("Measurement Method", "gaussian-mixture-3") in coded(report)
    assert ("Finding Site", "Musculi multifidii") in coded(report)
    assert ("Laterality", "Left") in coded(report)


def test_the_readable_few_of_the_features_are_written_and_no_more(analysis: SeriesAnalysis) -> None:
    _, report = _built(analysis)
    found = numbers(report)
    assert found["Joint Entropy of GLCM"] == (4.2171, "1")
    assert "wavelet HHH: Dependence variance (GLDM)" in found
    assert "Contrast of GLCM" not in found  # not a number
    assert not any("LLL" in name for name in found)


def test_a_missing_feature_s_reason_is_a_code(analysis: SeriesAnalysis) -> None:
    reason = Finding("ROI_TOO_SMALL", "3 voxels")
    vector = FeatureVector(Role.MR_AXIAL_T2, "left multifidus", "radiomics", "zscore@1", "0" * 64, {}, reason)
    _, report = _built(replace(analysis, features=(vector,)))
    assert ("Input quality warning", "ROI_TOO_SMALL") in coded(report)


def test_a_value_that_is_not_finite_is_left_out(analysis: SeriesAnalysis) -> None:
    extra = Measurement(Role.MR_AXIAL_T2, "left multifidus", "sd_signal", float("nan"), "1")
    _, report = _built(replace(analysis, measurements=(extra,), features=()))
    assert numbers(report) == {}


def test_a_measurement_without_a_code_is_refused(analysis: SeriesAnalysis) -> None:
    extra = Measurement(Role.MR_AXIAL_T2, "left multifidus", "weight", 1.0, "1")
    with pytest.raises(PipelineError, match="weight"):
        _built(replace(analysis, measurements=(extra,)))


def test_levels_that_are_not_determined_are_said_to_be_so(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(), tmp_path)
    segmentation = segment(volume, "vertebra 1 (level not determined)", levels_determined=False)
    _, report = _built(analyse(segmentation))
    assert ("Vertebral level", "Level not determined") in coded(report)


def test_title_flags_and_evidence(analysis: SeriesAnalysis) -> None:
    seg, readable = _built(analysis)
    _, strict = _built(analysis, "strict")
    assert readable.ConceptNameCodeSequence[0].CodeMeaning == "AI analysis - RESEARCH USE ONLY"
    assert strict.ConceptNameCodeSequence[0].CodeValue == "126000"
    assert strict.SOPInstanceUID != readable.SOPInstanceUID
    for report in (readable, strict):
        assert report.SeriesNumber == 7950
        assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
            "COMPLETE", "UNVERIFIED", "PRELIMINARY",
        )  # fmt: skip
        assert report.ContentQualification == "RESEARCH"
    sources = {str(header.SOPInstanceUID) for header in analysis.segmentation.volume.series.headers}
    evidence = {
        str(instance.ReferencedSOPInstanceUID)
        for study in readable.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    assert evidence == sources | {str(seg.dataset.SOPInstanceUID)}


def test_the_texts_name_the_model_and_the_warnings(analysis: SeriesAnalysis) -> None:
    segmentation = replace(
        analysis.segmentation, warnings=(Finding("CROPPED", "the field of view ends in L5"),)
    )
    _, report = _built(replace(analysis, segmentation=segmentation))
    assert any("RESEARCH USE ONLY" in text and "lumbar-segmenter 1.2.0" in text for text in texts(report))
    assert "CROPPED: the field of view ends in L5" in texts(report)


def test_a_fat_fraction_from_a_second_series_makes_another_report_of_the_same_seg(
    analysis: SeriesAnalysis,
) -> None:
    share = Measurement(Role.MR_AXIAL_T2, "left multifidus", "fat_fraction_dixon", 21.5, "%", "dixon")
    seg, first = _built(analysis)
    same_seg, later = _built(replace(analysis, measurements=(*analysis.measurements, share)))
    assert later.SOPInstanceUID != first.SOPInstanceUID
    assert same_seg.dataset.SOPInstanceUID == seg.dataset.SOPInstanceUID
