"""Manifests and label maps: what is read, and which line is wrong."""

import pytest

from pipelines.errors import InputError
from pipelines.evaluation.manifest import RowError, read_label_map, read_manifest
from pipelines.types import Role

HEADER = "set,scan,image,reference,labels,role\n"


def manifest(folder, text):
    path = folder / "real.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_have_their_line_numbers_and_paths_beside_the_manifest(tmp_path):
    text = f"{HEADER}# a remark\nA,1,a/dicom,a/seg.nii.gz,labels.csv,ct\n\nB, 2 ,/b,seg.dcm,,\n"
    first, second = read_manifest(manifest(tmp_path, text))
    assert (first.number, first.image, first.labels) == (3, tmp_path / "a" / "dicom", tmp_path / "labels.csv")
    assert first.role is Role.CT
    assert (second.number, second.scan, str(second.image)) == (5, "2", "/b")
    assert second.labels is None
    assert second.role is None


def test_the_role_column_may_be_left_out(tmp_path):
    (row,) = read_manifest(manifest(tmp_path, "set,scan,image,reference,labels\nA,1,a,b,c\n"))
    assert row.role is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the first line must name the columns set, scan"),
        ("set,scan,image\nA,1,a\n", "the first line must name"),
        (HEADER.replace("role", "rule") + "A,1,a,b,c,ct\n", "the first line must name"),
        (HEADER, "no scan below the header line"),
        (HEADER + "A,1,a,b,c,ct,more\n", "line 2: 7 cells below 6 columns"),
        (HEADER + "A,1,a,b,c,ct\n\nA,2,a,b,c,ct\nA,1,d,e,f,ct\n", "lines 2 and 5: both would write A_1;"),
        (HEADER + "A,a 1,a,b,c,ct\nA,a/1,d,e,f,ct\n", "lines 2 and 3: both would write A_a_1;"),
        (HEADER + "A_b,1,a,b,c,ct\nA,b_1,d,e,f,ct\n", "lines 2 and 3: both would write A_b_1;"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(text, says, tmp_path):
    with pytest.raises(InputError, match=says) as caught:
        read_manifest(manifest(tmp_path, text))
    assert caught.value.code == "MANIFEST"


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        read_manifest(tmp_path / "none.csv")


def test_an_unknown_role_names_the_allowed_ones(tmp_path):
    (row,) = read_manifest(manifest(tmp_path, HEADER + "A,1,a,b,c,mri\n"))
    with pytest.raises(RowError, match="'mri' is no role; allowed: ct, mr_sag_t1"):
        _ = row.role


def test_a_label_map_names_values_kinds_and_what_is_left_out(tmp_path):
    labels = read_label_map(manifest(tmp_path, "value,label\n1,L5 vertebra\n2,disc\n3,\n"))
    assert labels.names == {1: "L5 vertebra", 2: "disc"}
    assert labels.unknown([0, 1, 2, 3, 4, 9]) == [4, 9]


def test_a_star_leaves_out_all_other_values(tmp_path):
    assert read_label_map(manifest(tmp_path, "value,label\n1,sacrum\n*,\n")).unknown([7]) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1,L5 bone", r"line 2: 'L5 bone' is neither a SegmentLabel .* nor a kind \(disc"),
        ("x,disc", "line 2: value 'x' must be a whole number above 0"),
        ("0,disc", "line 2: value '0'"),
        ("*,disc", r"\* can only be left out"),
        ("1,L5 vertebra\n2,sacrum\n01,L4 vertebra", "lines 2 and 4: both are value 1; keep one"),
        ("1,L5 vertebra\n1,", "lines 2 and 3: both are value 1; keep one"),
    ],
)
def test_a_wrong_label_map_says_what_is_wrong(line, says, tmp_path):
    with pytest.raises(RowError, match=says):
        read_label_map(manifest(tmp_path, f"value,label\n{line}\n"))
