"""Every file ends in a series or in a coded reason."""

import pytest
from phantoms.slices import Stack, enhanced, save
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    RLELossless,
    SegmentationStorage,
    generate_uid,
)

from pipelines.dicom.read import load_volume, read_series
from pipelines.errors import GeometryError
from pipelines.types import Role


def write(folder, **attributes):
    return save(Stack(slices=1, attributes=attributes).instances(), folder)[0]


def codes(*paths):
    return [file.reason.code for file in read_series(paths)[1]]


def test_files_are_grouped_by_series_in_file_order(tmp_path):
    first, second = Stack(slices=3), Stack(slices=2, modality="MR")
    paths = [*save(first.instances(), tmp_path / "a"), *save(second.instances(), tmp_path / "b")]
    series, rejected = read_series([paths[3], *paths[:3], paths[4]])
    assert not rejected
    assert [(s.series_uid, s.modality, len(s.headers)) for s in series] == [
        (second.series_uid, "MR", 2),
        (first.series_uid, "CT", 3),
    ]
    assert series[1].paths == tuple(paths[:3])


def test_headers_hold_no_pixels(tmp_path):
    ((series,), _) = read_series([write(tmp_path)])
    assert "PixelData" not in series.headers[0]
    assert series.headers[0].Rows == 10


def test_one_series_uid_in_two_studies_is_two_series(tmp_path):
    paths = [
        write(tmp_path / study, StudyInstanceUID=study, SeriesInstanceUID="1.9") for study in ("1.1", "1.2")
    ]
    assert len(read_series(paths)[0]) == 2


def test_a_folder_is_passed_over(tmp_path):
    assert read_series([tmp_path]) == ((), ())


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 200, b"\0" * 128 + b"DICM"])
def test_not_dicom(tmp_path, content):
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    assert codes(path)[0] in ("NOT_DICOM", "DAMAGED", "UNSUPPORTED_SOP")


def test_garbage_after_the_preamble_has_a_reason(tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + bytes(range(256)) * 20)
    assert len(codes(path)) == 1


def test_a_file_that_is_gone(tmp_path):
    assert codes(tmp_path / "gone.dcm") == ["UNREADABLE"]


@pytest.mark.parametrize(
    ("keyword", "code"),
    [
        ("StudyInstanceUID", "NO_STUDY_UID"),
        ("SeriesInstanceUID", "NO_SERIES_UID"),
        ("SOPInstanceUID", "NO_SOP_UID"),
    ],
)
def test_missing_identity(tmp_path, keyword, code):
    ds = dcmread(write(tmp_path))
    delattr(ds, keyword)
    ds.save_as(tmp_path / "x")
    assert codes(tmp_path / "x") == [code]


@pytest.mark.parametrize("uid", [BasicTextSRStorage, SegmentationStorage])
def test_not_an_image(tmp_path, uid):
    ds = dcmread(write(tmp_path))
    ds.SOPClassUID = uid
    if uid == BasicTextSRStorage:
        del ds.Rows, ds.PixelData
    ds.save_as(tmp_path / "x")
    assert codes(tmp_path / "x") == ["NOT_AN_IMAGE"]


def test_dicomdir(tmp_path):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = MediaStorageDirectoryStorage, generate_uid()
    assert codes(save([ds], tmp_path)[0]) == ["DICOMDIR"]


def test_unknown_class_without_pixels(tmp_path):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.3.4.5", generate_uid()
    assert codes(save([ds], tmp_path)[0]) == ["UNSUPPORTED_SOP"]


SYNTAXES = [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_encoding_is_read(tmp_path, syntax):
    path = write(tmp_path)
    if syntax:
        path = re_encoded(path, syntax)
    assert codes(path) == []


def re_encoded(path, syntax):
    ds = dcmread(path)
    if syntax == RLELossless:
        ds.compress(RLELossless)
    elif syntax == ExplicitVRBigEndian:
        ds.PixelData = ds.pixel_array.astype(">i2").tobytes()
    ds.file_meta.TransferSyntaxUID = syntax
    out = Dataset()
    out.update(ds)
    out.file_meta = ds.file_meta
    out.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize("kept", [0.995, 0.9, 0.6, 0.4])
def test_truncated_anywhere(tmp_path, syntax, kept):
    path = write(tmp_path)
    if syntax:
        path = re_encoded(path, syntax)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert codes(path)[0] in ("TRUNCATED", "DAMAGED", "NO_STUDY_UID", "NO_SERIES_UID", "NO_SOP_UID")


def test_the_last_byte_counts(tmp_path):
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    ((file,)) = read_series([path])[1]
    assert file.reason.code == "TRUNCATED"
    assert "239 of 240 bytes" in file.reason.text


def test_pixel_data_shorter_than_the_matrix(tmp_path):
    assert codes(write(tmp_path, PixelData=b"\0" * 100)) == ["TRUNCATED"]


def test_a_multiframe_object_without_all_its_frames(tmp_path):
    ds = enhanced(Stack(modality="MR").instances())
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
    assert codes(save([ds], tmp_path)[0]) == ["TRUNCATED"]


def test_the_same_bytes_twice_are_one(tmp_path):
    path = write(tmp_path)
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes())
    series, rejected = read_series([path, copy])
    assert series[0].paths == (path,)
    assert [(file.path, file.reason.code) for file in rejected] == [(copy, "DUPLICATE")]


def test_other_bytes_under_the_same_uid_are_set_aside(tmp_path):
    path = write(tmp_path)
    ds = dcmread(path)
    ds.PixelData = b"\1" * len(ds.PixelData)
    ds.save_as(tmp_path / "other")
    series, rejected = read_series([path, tmp_path / "other"])
    assert series[0].paths == (path,)
    assert [file.reason.code for file in rejected] == ["DUPLICATE_UID"]


def test_codes_fit_their_column(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"x")
    assert all(len(code) <= 16 for code in codes(path, tmp_path / "gone"))


def test_encapsulated_frames_are_counted(tmp_path):
    ds = dcmread(write(tmp_path))
    ds.compress(RLELossless)
    ds.NumberOfFrames = 1_000_000_000
    ds.save_as(tmp_path / "x")
    (file,) = read_series([tmp_path / "x"])[1]
    assert (file.reason.code, "1 of 1000000000 frames" in file.reason.text) == ("TRUNCATED", True)


def test_a_multiframe_object_without_functional_groups_has_no_place(tmp_path):
    ds = dcmread(write(tmp_path))
    ds.NumberOfFrames = 6
    ds.PixelData = ds.PixelData * 6
    ds.save_as(tmp_path / "x")
    ((series,), _) = read_series([tmp_path / "x"])
    with pytest.raises(GeometryError) as refused:
        load_volume(series, Role.CT)
    assert refused.value.code == "NO_GEOMETRY"
