"""The whole way with a segmenter that is told the answer: scores, refusals, wrong rows, cuts, files."""

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
from phantoms.evaluation import BODIES, RECIPE, segmented, spine, write_labels, write_scan
from phantoms.results import CLOCK, write_series

from pipelines.dicom.seg import build_seg
from pipelines.errors import ModelError, SegmentationError
from pipelines.evaluation import Evaluation, write_tables
from pipelines.types import Role

OPEN = {value: f"vertebral body {6 - value} (level not determined)" for value in BODIES}


def told(labels, names=BODIES):
    """A segmenter that gives these labels, or the part of them that a cut leaves at the top."""
    return lambda volume: segmented(volume, labels[:, : volume.voxels.shape[1]].copy(), names)


def _head(folder):
    """A series that is not of a lumbar spine."""

    def edit(header):
        header.BodyPartExamined, header.StudyDescription, header.SeriesDescription = "HEAD", "Head", "T2 sag"

    write_series(replace(RECIPE, edit=edit), folder / "head")
    return folder / "head"


def evaluate(row, tmp_path, segment=None, **options):
    return Evaluation(tmp_path / "out", segment or told(spine()), CLOCK, **options).evaluate(row)


@pytest.fixture
def scan(tmp_path):
    return write_scan(tmp_path)


def test_the_right_answer_scores_1_and_leaves_a_seg_and_a_picture(scan, tmp_path):
    result = evaluate(scan[1], tmp_path)
    assert (result.status, result.verdict, result.remark, result.warning) == ("scored", "right", "", "")
    assert (result.score.union, result.score.levels, result.score.everything.dice) == (1, 1, 1)
    assert (tmp_path / "out" / "seg" / "set_one.dcm").stat().st_size
    assert (tmp_path / "out" / "pictures" / "set_one.png").read_bytes().startswith(b"\x89PNG")


def test_a_reference_on_another_grid_is_met_in_patient_space(scan, tmp_path):
    volume, row = scan
    affine = volume.affine.copy()
    affine[:3, :2] *= -1  # the reference's slices and rows run the other way
    affine[:3, 3] = (volume.affine @ [7, 103, 0, 1])[:3]
    write_labels(np.ascontiguousarray(spine()[::-1, ::-1]), affine, row.reference)
    assert evaluate(row, tmp_path).score.levels == 1


def test_a_seg_serves_as_a_reference(scan, tmp_path):
    volume, row = scan
    path = tmp_path / "reference.dcm"
    build_seg(segmented(volume, spine()), CLOCK).dataset.save_as(path)
    result = evaluate(replace(row, reference=path, labels=None), tmp_path)
    assert (result.verdict, result.score.levels) == ("right", 1)


def test_a_nifti_scan_goes_the_same_way(scan, tmp_path):
    volume, row = scan
    image = write_labels(volume.voxels.astype(np.uint16), volume.affine, tmp_path / "scan.nii.gz")
    result = evaluate(replace(row, image=image), tmp_path)
    assert (result.verdict, result.score.levels) == ("right", 1)


def test_a_reference_that_overlaps_nothing_is_scored_and_doubted(scan, tmp_path):
    lines = []
    between = np.roll(spine(), 12, axis=1) * (spine() == 0)
    evaluation = Evaluation(tmp_path / "out", told(between), CLOCK, with_pictures=False)
    (result,) = evaluation.run([scan[1]], lines.append)
    assert (result.status, result.verdict, result.score.everything.dice) == ("scored", "not judged", 0)
    assert result.remark.endswith("overlaps nothing that was found; is this the reference of this scan?")
    assert result.remark in lines[-1]


def test_a_refusal_is_a_row_with_its_reason(scan, tmp_path):
    def refuse(volume):
        raise SegmentationError("NO_SPINE", "no spine")

    result = evaluate(scan[1], tmp_path, refuse, with_cuts=True)
    assert (result.status, result.verdict, result.remark) == ("refused", "refused", "NO_SPINE: no spine")


def test_what_selection_refuses_is_a_refusal(scan, tmp_path):
    folder = _head(tmp_path)
    result = evaluate(replace(scan[1], image=folder, role_text=""), tmp_path)
    assert result.status == "refused"
    assert result.remark.startswith("NOT_LUMBAR: not selected: ")


def test_without_a_role_selection_says_it(scan, tmp_path):
    result = evaluate(replace(scan[1], role_text=""), tmp_path)
    assert (result.status, result.role) == ("scored", Role.MR_SAG_T2)


def test_a_broken_model_is_no_refusal(scan, tmp_path):
    def broken(volume):
        raise ModelError("MODEL_DAMAGED", "damaged")

    for with_cuts in (False, True):
        with pytest.raises(ModelError):
            evaluate(scan[1], tmp_path, broken, with_cuts=with_cuts)


def _missing(row, volume):
    return replace(row, reference=row.reference.with_name("none.nii.gz"))


def _no_image(row, volume):
    return replace(row, image=row.image / "none")


def _not_dicom(row, volume):
    return replace(row, image=row.labels)


def _empty_folder(row, volume):
    (row.image.parent / "empty").mkdir()
    return replace(row, image=row.image.parent / "empty")


def _elsewhere(row, volume):
    affine = volume.affine.copy()
    affine[2, 3] -= 100
    write_labels(spine(), affine, row.reference)
    return row


def _unknown_value(row, volume):
    write_labels(spine() * 2, volume.affine, row.reference)
    return row


def _nothing_in_it(row, volume):
    write_labels(spine() * 0, volume.affine, row.reference)
    return row


def _without_labels(row, volume):
    return replace(row, labels=None)


def _wrong_role(row, volume):
    return replace(row, role_text="mri")


def _nifti_without_role(row, volume):
    return replace(row, image=row.reference, role_text="")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_missing, "NO_FILE: row 2: reference .*none.nii.gz: no such file"),
        (_no_image, "NO_FILE: row 2: image .*none: no such file or folder"),
        (_not_dicom, "NO_FILE: row 2: image .*labels.csv: no DICOM image"),
        (_empty_folder, "NO_FILE: row 2: image .*empty: the folder is empty"),
        (_elsewhere, r"SHAPE: row 2: \d+% of the reference's labelled voxels lie outside the scan"),
        (_unknown_value, "LABEL_VALUE: row 2: .* nothing about the values 6, 8, 10; give each a line"),
        (_nothing_in_it, "EMPTY: row 2: .*no voxel has a value of the label map"),
        (_without_labels, "LABEL_MAP: row 2: a NIfTI reference needs a label map"),
        (_wrong_role, "ROLE: row 2: 'mri' is no role"),
        (_nifti_without_role, "ROLE: row 2: .*give its role"),
    ],
)
def test_a_wrong_row_says_what_is_wrong_with_it(spoil, says, scan, tmp_path):
    volume, row = scan
    result = evaluate(spoil(row, volume), tmp_path)
    assert result.status == "error"
    assert re.match(says, result.remark), result.remark


def test_cuts_are_answered_one_by_one(scan, tmp_path):
    def careless(volume):
        """Names levels from the lowest body in view, whatever lies below it."""
        labels = spine()[:, : volume.voxels.shape[1]]
        lowest = max(value for value in BODIES if (labels == value).sum() > (spine() == value).sum() / 2)
        names = {value: f"L{value + 5 - lowest} vertebral body" for value in range(1, lowest + 1)}
        return segmented(volume, np.where(labels <= lowest, labels, 0).astype(np.uint8), names)

    result = evaluate(scan[1], tmp_path, careless, with_cuts=True, with_pictures=False)
    assert result.verdict == "right"
    answers = {answer.cut: answer.verdict for answer in result.cuts}
    assert answers == {"above L5": "wrong", "above L4": "wrong", "above L3": "wrong", "through S1": "right"}
    assert "L5 vertebral body is L4 vertebral body" in result.cuts[0].remark
    assert not (tmp_path / "out" / "pictures").exists()


def test_where_the_reference_ends_the_whole_scan_shows_where_to_cut(scan, tmp_path):
    volume, row = scan
    upper = np.where(spine() <= 2, spine(), 0).astype(np.uint8)
    write_labels(upper, volume.affine, row.reference)
    result = evaluate(row, tmp_path, with_cuts=True, with_pictures=False)
    assert {answer.cut for answer in result.cuts} == {"above L5", "above L4", "above L3", "through S1"}
    shifted = told((spine() == 1).astype(np.uint8), {1: "L2 vertebral body"})
    wrong = evaluate(row, tmp_path, shifted, with_cuts=True, with_pictures=False)
    assert (wrong.verdict, wrong.cuts) == ("wrong", ())


def test_cuts_with_open_levels_or_refused_are_not_wrong(scan, tmp_path):
    def careful(volume):
        if volume.voxels.shape[1] < 50:
            raise SegmentationError("NO_SPINE", "too little")
        return told(spine(), OPEN)(volume)

    result = evaluate(scan[1], tmp_path, careful, with_cuts=True)
    assert [answer.verdict for answer in result.cuts] == [
        "not determined",
        "not determined",
        "refused",
        "not determined",
    ]


def test_the_rest_goes_on_after_a_wrong_row_and_the_tables_hold_every_row(scan, tmp_path):
    _, row = scan
    rows = [
        replace(row, labels=None, scan="wrong"),
        row,
        replace(row, number=4, scan="head", image=_head(tmp_path), role_text=""),
        replace(row, number=5, set_name="other", scan="two"),
    ]
    lines = []
    evaluation = Evaluation(tmp_path / "out", told(spine()), CLOCK, with_cuts=True, with_pictures=False)
    results = evaluation.run(rows, lines.append)
    write_tables(results, tmp_path / "out")
    assert [one.status for one in results] == ["error", "scored", "refused", "scored"]
    assert lines[0].startswith("1 of 4: set wrong: error, LABEL_MAP: row 2")
    assert "2 of 4: set one: any (all) 1.000, any 1.000, levels 1.000; right" in lines[1]
    tables = {
        name: list(csv.DictReader((tmp_path / "out" / f"{name}.csv").read_text().splitlines()))
        for name in ("sets", "scans", "structures", "cuts")
    }
    assert [line["status"] for line in tables["scans"]] == [one.status for one in results]
    first = tables["sets"][0]
    assert (first["scans"], first["refused"], first["levels right"]) == ("2", "1", "1")
    assert (first["any"], first["levels (determined)"]) == ("0.5000", "1.0000")  # a refusal counts as 0
    assert {line["structure"] for line in tables["structures"]} == {*BODIES.values(), "vertebral body (all)"}
    assert {line["cut"] for line in tables["cuts"]} == {"above L5", "above L4", "above L3", "through S1"}
    page = (tmp_path / "out" / "evaluation.md").read_text()
    assert "| other | whole | 1 | 1 | 0 | 0 | 0 |" in page
    assert "LABEL_MAP: row 2" in page
