from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
from phantoms.readback import coded, texts
from phantoms.results import (
    CT_STUDY,
    MR_STUDY,
    SeriesRecipe,
    analyse,
    evaluated,
    gather,
    request,
    segment,
    write_series,
)
from pydicom import dcmread
from pydicom.dataset import Dataset

from pipelines.results import write_results
from pipelines.types import Analysis, Finding, ResultFile, Role

EVERYTHING = {"with_pdf": True, "with_overlay": True}
OFFSETS = {"seg": 901, "risk_sr": 940, "measurement_sr": 950, "pdf": 960, "overlay": 970}


def _one(phantom_results: tuple[ResultFile, ...], kind: str) -> Dataset:
    return dcmread(next(result.path for result in phantom_results if result.kind == kind))


def test_each_series_gets_a_seg_and_measurements_and_the_case_a_risk(
    phantom_results: tuple[ResultFile, ...],
) -> None:
    kinds = [result.kind for result in phantom_results]
    assert kinds == [*["seg", "measurement_sr"] * 3, "risk_sr", "pdf", "overlay", "overlay", "overlay"]
    assert len({result.sop_instance_uid for result in phantom_results}) == len(phantom_results)
    assert len({result.series_uid for result in phantom_results}) == len(phantom_results)


def test_the_returned_rows_are_what_is_in_the_files(phantom_results: tuple[ResultFile, ...]) -> None:
    for result in phantom_results:
        header = dcmread(result.path)
        assert result.sop_class_uid == header.SOPClassUID == header.file_meta.MediaStorageSOPClassUID
        assert result.sop_instance_uid == header.SOPInstanceUID
        assert (result.study_uid, result.series_uid) == (header.StudyInstanceUID, header.SeriesInstanceUID)
        assert header.SeriesNumber % 1000 == OFFSETS[result.kind]
        assert header.Manufacturer == "lumbar-node"


def test_the_fused_risk_belongs_to_the_study_that_completed_the_case(
    phantom_results: tuple[ResultFile, ...],
) -> None:
    risk = _one(phantom_results, "risk_sr")
    assert risk.StudyInstanceUID == MR_STUDY
    assert risk.SeriesNumber == 5940
    current = risk.CurrentRequestedProcedureEvidenceSequence
    other = risk.PertinentOtherEvidenceSequence
    assert [study.StudyInstanceUID for study in current] == [MR_STUDY]
    assert [study.StudyInstanceUID for study in other] == [CT_STUDY]
    first = current[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert first.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.4"  # a source image comes first
    listed = {
        series.SeriesInstanceUID for study in (*current, *other) for series in study.ReferencedSeriesSequence
    }
    assert {
        result.series_uid for result in phantom_results if result.kind in ("seg", "measurement_sr")
    } <= listed


def test_a_second_run_is_byte_identical(
    phantom_case: Analysis, phantom_results: tuple[ResultFile, ...], tmp_path: Path
) -> None:
    again = write_results(phantom_case, request(tmp_path, **EVERYTHING))
    for first, second in zip(phantom_results, again, strict=True):
        assert first.path.read_bytes() == second.path.read_bytes(), first.kind


def test_every_time_is_the_job_s_or_the_source_s(phantom_results: tuple[ResultFile, ...]) -> None:
    allowed = {"20261121", "093015", "20261121093015+0000", "20261101", "101500", "19600131", ""}
    for result in phantom_results:
        for element in dcmread(result.path).iterall():
            if element.VR in ("DA", "TM", "DT"):
                assert str(element.value or "") in allowed, (result.kind, element.keyword)


def test_another_clock_changes_times_and_no_uid(
    phantom_case: Analysis, phantom_results: tuple[ResultFile, ...], tmp_path: Path
) -> None:
    later = request(tmp_path, clock=datetime(2027, 1, 1, tzinfo=UTC), **EVERYTHING)
    again = write_results(phantom_case, later)
    assert [one.sop_instance_uid for one in again] == [one.sop_instance_uid for one in phantom_results]
    assert dcmread(again[0].path).ContentDate == "20270101"


def test_another_model_changes_every_uid_that_rests_on_it(
    phantom_case: Analysis, phantom_results: tuple[ResultFile, ...], tmp_path: Path
) -> None:
    again = write_results(_newer_model(phantom_case), request(tmp_path))
    before = {result.path.name: result.sop_instance_uid for result in phantom_results}
    differ = {result.path.name for result in again if before[result.path.name] != result.sop_instance_uid}
    assert differ == {"seg_ct.dcm", "measurements_ct.dcm", "risk.dcm"}


def _newer_model(case: Analysis) -> Analysis:
    one = case.analyses[Role.CT]
    newer = replace(one.segmentation, model=replace(one.segmentation.model, version="1.3.0"))
    return replace(case, analyses=dict(case.analyses) | {Role.CT: replace(one, segmentation=newer)})


def test_a_report_names_the_one_it_takes_the_place_of(
    phantom_case: Analysis, phantom_results: tuple[ResultFile, ...], tmp_path: Path
) -> None:
    reports = {"measurement_sr", "risk_sr"}
    previous = tuple(one.path for one in phantom_results if one.kind in reports)
    again = write_results(_newer_model(phantom_case), request(tmp_path / "2", previous=previous))
    named = {}
    for one in again:
        for study in dcmread(one.path).get("PredecessorDocumentsSequence") or ():
            (series,) = study.ReferencedSeriesSequence
            (document,) = series.ReferencedSOPSequence
            named[one.path.name] = str(document.ReferencedSOPInstanceUID)
    before = {one.path.name: one.sop_instance_uid for one in phantom_results}
    changed = {"measurements_ct.dcm", "risk.dcm"}  # the MR's report says the same, and is the same
    assert named == {name: before[name] for name in changed}

    own = tuple(one.path for one in again if one.kind in reports)
    third = write_results(_newer_model(phantom_case), request(tmp_path / "3", previous=previous + own))
    for first, second in zip(again, third, strict=True):
        assert first.path.read_bytes() == second.path.read_bytes(), first.kind


def test_a_report_that_has_gone_is_no_predecessor(phantom_case: Analysis, tmp_path: Path) -> None:
    made = write_results(phantom_case, request(tmp_path, previous=(tmp_path / "gone.dcm",)))
    assert not any("PredecessorDocumentsSequence" in dcmread(one.path) for one in made)


def test_the_strict_title_is_126000(phantom_case: Analysis, tmp_path: Path) -> None:
    written = write_results(phantom_case, request(tmp_path, title_mode="strict", with_pdf=True))
    for result in written:
        if result.kind in ("measurement_sr", "risk_sr", "pdf"):
            assert dcmread(result.path).ConceptNameCodeSequence[0].CodeValue == "126000"


def test_nothing_analysed_still_says_why(phantom_case: Analysis, tmp_path: Path) -> None:
    nothing = replace(
        phantom_case,
        analyses={},
        predictions=(),
        failures={Role.CT: Finding("NO_VERTEBRA", "no vertebra was found in series 3")},
        completing_study_uid=CT_STUDY,
    )
    written = write_results(nothing, request(tmp_path, **EVERYTHING))
    assert [result.kind for result in written] == ["risk_sr", "pdf"]
    risk = dcmread(written[0].path)
    assert risk.StudyInstanceUID == CT_STUDY
    assert ("Evaluation status", "Not evaluable") in coded(risk)
    assert "NO_VERTEBRA: no vertebra was found in series 3" in texts(risk)


def test_a_series_without_a_structure_gets_no_seg(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(), tmp_path / "ct")
    empty = segment(volume, structures=MappingProxyType({}))
    written = write_results(gather({Role.CT: analyse(empty)}), request(tmp_path / "out"))
    assert [result.kind for result in written] == ["risk_sr"]


def test_a_series_that_plays_two_roles_gets_its_objects_once(tmp_path: Path) -> None:
    water_role, fat_role = Role.MR_AXIAL_DIXON_WATER, Role.MR_AXIAL_DIXON_FAT
    volume = write_series(SeriesRecipe(modality="MR", number=1, role=water_role), tmp_path / "dixon")
    water = analyse(segment(volume, "left multifidus"))
    fat = analyse(segment(replace(volume, role=fat_role), "left multifidus"))
    case = gather({fat_role: fat, water_role: water})
    written = write_results(case, request(tmp_path / "out", with_overlay=True))
    assert [result.path.name for result in written] == [
        "seg_mr_axial_dixon_water.dcm",
        "measurements_mr_axial_dixon_water.dcm",
        "risk.dcm",
        "overlay_mr_axial_dixon_water.dcm",
    ]
    numbers = [dcmread(result.path).SeriesNumber for result in written]
    assert numbers == [1901, 1950, 1940, 1970]


def test_a_structure_only_in_an_interpolated_slice_gets_no_seg(tmp_path: Path) -> None:
    volume = write_series(SeriesRecipe(without_slices=(2,)), tmp_path / "ct")
    labels = np.zeros(volume.voxels.shape, np.uint8)
    labels[2, 4:8, 4:8] = 1
    unseen = segment(volume, labels=labels, structures={1: "L4 vertebra"})
    written = write_results(gather({Role.CT: analyse(unseen)}), request(tmp_path / "out"))
    assert [result.kind for result in written] == ["risk_sr"]


def test_a_completing_study_without_an_analysed_series_still_owns_the_risk(tmp_path: Path) -> None:
    ct = write_series(SeriesRecipe(), tmp_path / "ct")
    localizer = write_series(
        SeriesRecipe(modality="MR", number=1, study_uid=MR_STUDY, role=Role.MR_SAG), tmp_path / "loc"
    )
    analyses = {Role.CT: analyse(segment(ct, "L4 vertebra"))}
    case = gather(analyses, others=(localizer.series,), completing_study_uid=MR_STUDY)
    written = write_results(case, request(tmp_path / "out"))
    assert {result.kind: result.study_uid for result in written} == {
        "seg": CT_STUDY,
        "measurement_sr": CT_STUDY,
        "risk_sr": MR_STUDY,
    }


def test_a_case_without_an_image_has_no_result(tmp_path: Path) -> None:
    assert write_results(gather({}, predictions=(evaluated(),)), request(tmp_path)) == ()


def test_no_unfinished_file_stays_behind(phantom_results: tuple[ResultFile, ...]) -> None:
    assert {path.suffix for path in phantom_results[0].path.parent.iterdir()} == {".dcm"}
