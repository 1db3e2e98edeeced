"""Slices to a volume: the right voxel at the right place, or a coded reason."""

from dataclasses import replace

import numpy as np
import pytest
from phantoms.slices import AXIAL, CORONAL, SAGITTAL, SLOPE, Stack, edited, enhanced, save, stored, values_at
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from pipelines.dicom.read import load_volume, read_series
from pipelines.errors import GeometryError, InputError
from pipelines.types import Role

OBLIQUE = (0.8, 0.6, 0.0, 0.36, -0.48, 0.8)
FLIPPED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def volume_of(instances, folder, role=Role.CT):
    ((series,), rejected) = read_series(save(instances, folder))
    assert not rejected
    return load_volume(series, role)


def assert_right(volume, affine=None):
    """Every voxel holds the value of its place."""
    expected = values_at(volume.affine, volume.voxels.shape)
    np.testing.assert_allclose(volume.voxels, expected, atol=SLOPE)
    if affine is not None:
        np.testing.assert_allclose(volume.affine, affine, atol=1e-6)


def warned(volume):
    return [warning.code for warning in volume.warnings]


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE, FLIPPED])
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_every_orientation(tmp_path, orientation, modality):
    stack = Stack(modality, orientation=orientation)
    volume = volume_of(stack.instances(), tmp_path, Role.CT if modality == "CT" else Role.MR_SAG)
    assert_right(volume, stack.affine)
    assert volume.voxels.dtype == np.float32
    assert volume.voxels.shape == (8, 10, 12)
    assert volume.spacing == pytest.approx((3.0, 1.25, 0.75))
    assert warned(volume) == []


def test_file_order_and_instance_number_mean_nothing(tmp_path):
    stack = Stack()
    instances = edited(stack.instances(), lambda i, ds: setattr(ds, "InstanceNumber", (5 * i) % 8))
    order = [3, 0, 7, 1, 6, 2, 5, 4]
    volume = volume_of([instances[i] for i in order], tmp_path)
    assert_right(volume, stack.affine)
    assert volume.sources == tuple(order.index(i) for i in range(8))


def test_gantry_tilt_is_described_exactly(tmp_path):
    angle = np.radians(18.5)
    tilted = (1.0, 0.0, 0.0, 0.0, np.cos(angle), -np.sin(angle))
    stack = Stack(orientation=tilted, step=(0.0, 0.0, 2.5))
    volume = volume_of(stack.instances(), tmp_path)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["GANTRY_TILT"]
    assert "18.5 degrees" in volume.warnings[0].text
    assert volume.voxel_volume == pytest.approx(2.5 * np.cos(angle) * 1.25 * 0.75)


@pytest.mark.parametrize("lost", [[5], [5, 6], [4, 11]])
def test_a_few_missing_slices_are_interpolated(tmp_path, lost):
    stack = Stack(slices=24)
    volume = volume_of([ds for i, ds in enumerate(stack.instances()) if i not in lost], tmp_path)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["MISSING_SLICE"]
    assert [i for i, source in enumerate(volume.sources) if source is None] == lost


def test_a_wide_hole_leaves_the_longer_part(tmp_path):
    stack = Stack(slices=24)
    volume = volume_of([ds for i, ds in enumerate(stack.instances()) if i not in (5, 6, 7)], tmp_path)
    assert_right(volume)
    assert len(volume.voxels) == 16
    assert warned(volume) == ["UNEVEN_GAPS"]
    assert len(volume.series.headers) == 16
    assert volume.series.headers[volume.sources[0]].InstanceNumber == 9


def test_uneven_gaps_are_refused(tmp_path):
    thin = Stack(slices=8)
    thick = replace(thin, spacing=5.0, origin=(-31.0, -42.0, 43.0))
    with pytest.raises(GeometryError, match=r"from 2.00 to 5.00 mm") as refused:
        volume_of([*thin.instances(), *thick.instances()], tmp_path)
    assert refused.value.code == "UNEVEN_GAPS"


def test_rounded_positions_are_even(tmp_path):
    stack = Stack(slices=20, spacing=0.75)

    def rounded(_, ds):
        ds.ImagePositionPatient = [f"{float(v):.1f}" for v in ds.ImagePositionPatient]

    volume = volume_of(edited(stack.instances(), rounded), tmp_path)
    assert warned(volume) == []
    np.testing.assert_allclose(volume.affine, stack.affine, atol=0.05)


def test_a_slice_sent_twice_is_used_once(tmp_path):
    stack = Stack()
    copy = stack.instances()[3]
    volume = volume_of([*stack.instances(), copy], tmp_path)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["DUPLICATE_SLICE"]


def test_different_images_at_one_place_are_refused(tmp_path):
    stack = Stack()
    other = stack.instances()[3]
    other.PixelData = bytes(reversed(other.PixelData))
    with pytest.raises(GeometryError) as refused:
        volume_of([*stack.instances(), other], tmp_path)
    assert refused.value.code == "DUPLICATE_POS"


PASSES = {
    "EchoTime": ["20", "90"],
    "TemporalPositionIdentifier": [1, 2],
    "AcquisitionNumber": [1, 2],
    "ImageType": [["ORIGINAL", "PRIMARY", "IP"], ["ORIGINAL", "PRIMARY", "W"]],
}


@pytest.mark.parametrize("keyword", PASSES)
def test_several_passes_are_split(tmp_path, keyword):
    stack = Stack("MR")
    first, second = stack.instances(), stack.instances()
    for ds, more in zip(first, second, strict=True):
        more.PixelData = (stored(more) + 1000).tobytes()
        setattr(ds, keyword, PASSES[keyword][0])
        setattr(more, keyword, PASSES[keyword][1])
    volume = volume_of([*first, *second], tmp_path, Role.MR_SAG_T1)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["SPLIT_STACK"]
    assert len(volume.series.headers) == 8


@pytest.mark.parametrize(("role", "echo"), [(Role.MR_SAG_T2, 90), (Role.MR_SAG, 20)])
def test_the_role_chooses_the_echo(tmp_path, role, echo):
    stack = Stack("MR")
    instances = [
        *edited(stack.instances(), lambda _, ds: setattr(ds, "EchoTime", "20")),
        *edited(stack.instances(), lambda _, ds: setattr(ds, "EchoTime", "90")),
    ]
    assert volume_of(instances, tmp_path, role).series.headers[0].EchoTime == echo


@pytest.mark.parametrize(
    ("role", "value"), [(Role.MR_AXIAL_DIXON_FAT, "F"), (Role.MR_AXIAL_DIXON_WATER, "W")]
)
def test_the_role_chooses_the_dixon_image(tmp_path, role, value):
    stack = Stack("MR")
    kinds = [replace(stack, attributes={"ImageType": ["DERIVED", "PRIMARY", kind]}) for kind in "WF"]
    instances = [ds for kind in (stack, *kinds) for ds in kind.instances()]
    assert volume_of(instances, tmp_path, role).series.headers[0].ImageType[2] == value


def test_a_scout_in_the_series_is_left_out(tmp_path):
    stack = Stack()
    scout = Stack(
        slices=1, orientation=SAGITTAL, rows=30, series_uid=stack.series_uid, study_uid=stack.study_uid
    )
    volume = volume_of([*scout.instances(), *stack.instances()], tmp_path)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["MIXED_STACKS"]
    assert volume.series.headers[0].Rows == 10


def test_an_image_without_place_is_left_out(tmp_path):
    instances = Stack().instances()
    del instances[7].ImagePositionPatient
    volume = volume_of(instances, tmp_path)
    assert_right(volume)
    assert warned(volume) == ["NO_GEOMETRY"]


@pytest.mark.parametrize(
    ("count", "role", "code"),
    [(1, Role.CT, "ONE_SLICE"), (4, Role.CT, "TOO_FEW_SLICES"), (2, Role.MR_AXIAL_T2, "TOO_FEW_SLICES")],
)
def test_too_few_slices(tmp_path, count, role, code):
    with pytest.raises(GeometryError) as refused:
        volume_of(Stack(slices=count).instances(), tmp_path, role)
    assert refused.value.code == code


def test_three_axial_mr_slices_show_the_muscles_at_one_disc(tmp_path):
    assert len(volume_of(Stack("MR", slices=3).instances(), tmp_path, Role.MR_AXIAL_T2).voxels) == 3


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImagePositionPatient", None),
        ("ImageOrientationPatient", ["1", "0", "0", "1", "0", "0"]),
        ("ImageOrientationPatient", ["0", "0", "0", "0", "0", "0"]),
        ("PixelSpacing", ["0", "0"]),
        ("PixelSpacing", None),
    ],
)
def test_no_geometry(tmp_path, keyword, value):
    with pytest.raises(GeometryError) as refused:
        volume_of(edited(Stack().instances(), lambda _, ds: setattr(ds, keyword, value)), tmp_path)
    assert refused.value.code == "NO_GEOMETRY"


def test_slope_and_intercept_differ_from_slice_to_slice(tmp_path):
    def rescale(index, ds):
        slope = 0.1 * (1 + index % 3)
        ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.1f}", str(index)
        ds.PixelData = np.rint((stored(ds) * SLOPE - index) / slope).astype("<i2").tobytes()

    volume = volume_of(edited(Stack().instances(), rescale), tmp_path)
    np.testing.assert_allclose(volume.voxels, values_at(volume.affine, volume.voxels.shape), atol=0.2)


def test_unsigned_pixels(tmp_path):
    def unsigned(_, ds):
        ds.PixelRepresentation, ds.RescaleIntercept = 0, "-3276.8"
        ds.PixelData = (stored(ds).astype(np.int32) + 32768).astype("<u2").tobytes()

    assert_right(volume_of(edited(Stack().instances(), unsigned), tmp_path))


def test_padding_of_ct_is_air(tmp_path):
    def pad(_, ds):
        pixels = stored(ds)
        pixels[0, 0] = -20000
        ds.PixelData, ds.PixelPaddingValue = pixels.tobytes(), -20000

    volume = volume_of(edited(Stack().instances(), pad), tmp_path)
    assert volume.voxels[:, 0, 0] == pytest.approx(-1024)


def test_padding_of_mr_is_nothing(tmp_path):
    def pad(_, ds):
        pixels = stored(ds)
        pixels[0, 0] = -20000
        ds.PixelData, ds.PixelPaddingValue = pixels.tobytes(), -20000

    volume = volume_of(edited(Stack("MR").instances(), pad), tmp_path, Role.MR_SAG)
    assert volume.voxels[:, 0, 0] == pytest.approx(0)


def test_white_as_zero_is_inverted_for_mr_only(tmp_path):
    stack = Stack("MR", attributes={"PhotometricInterpretation": "MONOCHROME1"})
    plain = volume_of(Stack("MR").instances(), tmp_path / "plain", Role.MR_SAG)
    inverted = volume_of(stack.instances(), tmp_path / "inverted", Role.MR_SAG)
    np.testing.assert_allclose(
        inverted.voxels, plain.voxels.max() + plain.voxels.min() - plain.voxels, atol=1e-3
    )
    assert warned(inverted) == ["MONOCHROME1"]
    assert_right(volume_of(stack.instances(), tmp_path / "ct", Role.CT))


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"PixelData": b"\0" * 240}, "CONSTANT_IMAGE"),
        ({"RescaleSlope": "nan"}, "NON_FINITE"),
        ({"RescaleSlope": "1e38"}, "NON_FINITE"),
        (
            {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PixelData": b"\0" * 720},
            "NOT_GRAYSCALE",
        ),
        ({"BitsAllocated": 16, "PixelRepresentation": 7}, "PIXELS_DAMAGED"),
    ],
)
def test_pixels_that_cannot_be_used(tmp_path, attributes, code):
    with pytest.raises(InputError) as refused:
        volume_of(edited(Stack(modality="MR").instances(), _setter(attributes)), tmp_path, Role.MR_SAG)
    assert refused.value.code == code


def _setter(attributes):
    def set_all(_, ds):
        for keyword, value in attributes.items():
            if value == "nan":
                ds[keyword]._value = value
            else:
                setattr(ds, keyword, value)

    return set_all


def test_nan_in_float_pixels(tmp_path):
    def as_float(index, ds):
        pixels = (stored(ds) * SLOPE).astype("<f4")
        if index == 4:
            pixels[2, 3] = np.nan
        del ds.PixelData
        ds.FloatPixelData, ds.BitsAllocated = pixels.tobytes(), 32

    with pytest.raises(InputError) as refused:
        volume_of(edited(Stack("MR").instances(), as_float), tmp_path, Role.MR_SAG)
    assert refused.value.code == "NON_FINITE"


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_pixels(tmp_path, syntax):
    paths = save(Stack(rows=32, columns=40).instances(), tmp_path)
    for path in paths:
        ds = dcmread(path)
        ds.compress(syntax)
        ds.save_as(path)
    ((series,), _) = read_series(paths)
    assert_right(load_volume(series, Role.CT))


@pytest.mark.parametrize("order", [list(range(8)), [3, 0, 7, 1, 6, 2, 5, 4]])
def test_enhanced_gives_the_same_volume_as_classic(tmp_path, order):
    stack = Stack("MR", orientation=OBLIQUE)
    instances = stack.instances()
    volume = volume_of([enhanced([instances[i] for i in order])], tmp_path, Role.MR_SAG)
    assert_right(volume, stack.affine)
    assert volume.sources == tuple(order.index(i) for i in range(8))


def test_enhanced_with_several_time_points_is_split(tmp_path):
    stack = Stack("MR")
    late = edited(stack.instances(), lambda _, ds: setattr(ds, "TemporalPositionIdentifier", 2))
    for ds in late:
        ds.PixelData = (stored(ds) + 500).tobytes()
    early = edited(stack.instances(), lambda _, ds: setattr(ds, "TemporalPositionIdentifier", 1))
    volume = volume_of([enhanced([*early, *late])], tmp_path, Role.MR_SAG)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["SPLIT_STACK"]
    assert volume.sources == tuple(range(8))


def test_enhanced_beside_a_few_classic_instances(tmp_path):
    stack = Stack("MR", slices=12)
    instances = stack.instances()
    volume = volume_of([*instances[:3], enhanced(instances)], tmp_path, Role.MR_SAG)
    assert_right(volume, stack.affine)
    assert warned(volume) == ["MIXED_OBJECTS"]
    assert len(volume.series.headers) == 1


def test_single_frame_enhanced_objects_are_slices(tmp_path):
    stack = Stack("MR")
    volume = volume_of([enhanced([ds]) for ds in stack.instances()], tmp_path, Role.MR_SAG)
    assert_right(volume, stack.affine)
    assert volume.sources == tuple(range(8))


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.dicom.volume.MAX_VOXELS", 100)
    with pytest.raises(InputError) as refused:
        volume_of(Stack().instances(), tmp_path)
    assert refused.value.code == "TOO_LARGE"
