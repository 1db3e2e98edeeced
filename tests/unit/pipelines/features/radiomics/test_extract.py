import logging

import numpy as np
import pytest
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

from pipelines.errors import FeatureError
from pipelines.features.radiomics import FEATURE_CLASSES, HU, PAPER, extract

SHAPE = (17, 26, 31)
INTERIOR = np.s_[6:11, 8:17, 9:20]
FIRST_SLICES = np.s_[0:5, 8:17, 9:20]
LAST_CORNER = np.s_[11:17, 16:26, 20:31]


@pytest.fixture(scope="module")
def voxels():
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 60, SHAPE)
    return (200 + noise + np.linspace(0, 300, SHAPE[2])).astype(np.float32)


def images(voxels, roi, spacing=(1.0, 1.0, 1.0)):
    labels = np.zeros(voxels.shape, np.uint8)
    labels[roi] = 1
    made = [sitk.GetImageFromArray(voxels.astype(np.float64)), sitk.GetImageFromArray(labels)]
    for each in made:
        each.SetSpacing(spacing)
    return made


def pyradiomics(image, mask, **settings):
    """PyRadiomics as it comes, on the whole volume."""
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    extractor = RadiomicsFeatureExtractor(additionalInfo=False, **settings)
    extractor.enableImageTypeByName("Wavelet")
    extractor.disableAllFeatures()
    for name in FEATURE_CLASSES:
        extractor.enableFeatureClassByName(name)
    return extractor.execute(image, mask)


def assert_same(found, expected, tolerance=1e-12):
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(float(value), rel=tolerance, abs=tolerance), name


@pytest.mark.parametrize("roi", [INTERIOR, FIRST_SLICES, LAST_CORNER], ids=["interior", "first", "corner"])
def test_crop_gives_pyradiomics_on_the_whole_volume(voxels, roi):
    image, mask = images(voxels, roi)
    found = extract(image, mask, {"binWidth": 25})
    assert len(found) == 851
    assert_same(found, pyradiomics(image, mask, binWidth=25))


@pytest.mark.parametrize("interpolator", ["sitkLinear", "sitkBSpline"])
def test_normalised_and_resampled_as_pyradiomics(voxels, interpolator):
    image, mask = images(voxels, INTERIOR, (0.8, 0.9, 2.0))
    settings = {
        "binWidth": 30,
        "normalize": True,
        "normalizeScale": 100,
        "resampledPixelSpacing": (1.1, 1.0, 1.5),
        "interpolator": interpolator,
    }
    assert_same(extract(image, mask, settings), pyradiomics(image, mask, padDistance=5, **settings), 1e-9)


def test_mirror_is_pyradiomics_on_a_mirrored_volume(voxels):
    image, mask = images(voxels, FIRST_SLICES)
    larger, _ = images(np.pad(voxels, 6, mode="symmetric"), FIRST_SLICES)
    larger_roi = np.pad(sitk.GetArrayFromImage(mask), 6)
    larger_mask = sitk.GetImageFromArray(larger_roi)
    found = extract(image, mask, {"binWidth": 25, "edge": "mirror"})
    assert_same(found, pyradiomics(larger, larger_mask, binWidth=25))


def test_paper_profile_does_not_see_the_field_of_view(voxels):
    image, mask = images(voxels, INTERIOR)
    wider = np.pad(voxels, ((0, 0), (20, 20), (20, 20)))
    wider_mask = np.pad(sitk.GetArrayFromImage(mask), ((0, 0), (20, 20), (20, 20)))
    found = extract(sitk.GetImageFromArray(wider), sitk.GetImageFromArray(wider_mask), PAPER)
    assert_same(found, extract(image, mask, "paper"), 1e-9)


def test_hu_profile_keeps_hounsfield_units(voxels):
    image, mask = images(voxels, INTERIOR)
    inside = voxels[INTERIOR].astype(np.float64)
    assert extract(image, mask, "hu")["original_firstorder_Mean"] == pytest.approx(inside.mean())
    assert HU.settings["binWidth"] == 25


def test_label_chooses_the_region_and_all_labels_the_normalisation(voxels):
    image, mask = images(voxels, INTERIOR)
    labels = sitk.GetArrayFromImage(mask)
    labels[2:5, 20:24, 20:24] = 7
    both = sitk.GetImageFromArray(labels)
    settings = {"normalize": True, "normalizeRegion": "labelled", "binWidth": 0.25}
    mean = extract(image, both, settings, label=7)["original_firstorder_Mean"]
    inside, region = voxels[2:5, 20:24, 20:24].astype(float), voxels[labels > 0].astype(float)
    assert mean == pytest.approx((inside.mean() - region.mean()) / region.std(ddof=1))


@pytest.mark.parametrize(
    ("roi", "code"),
    [
        (np.s_[0:0], "ROI_EMPTY"),
        (np.s_[8, 9, 9], "ROI_ONE_VOXEL"),
        (np.s_[8, 9, 9:11], "ROI_LINE"),
        (np.s_[8, 5:15, 9], "ROI_LINE"),
        (np.s_[8, 5:15, 5:15], "ROI_SINGLE_SLICE"),
        (([7, 8, 8], [9, 10, 9], [9, 10, 9]), "ROI_TINY"),
    ],
)
def test_regions_too_small_have_a_name(voxels, roi, code):
    image, mask = images(voxels, roi)
    with pytest.raises(FeatureError) as caught:
        extract(image, mask, {"binWidth": 25})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "where", "code"),
    [
        (np.nan, np.s_[8, 9, 10], "ROI_NOT_FINITE"),
        (np.inf, np.s_[:, 7, 10], "ROI_NOT_FINITE"),  # beside the region, where the wavelet reads
        (5.0, INTERIOR, "ROI_CONSTANT"),
    ],
)
def test_voxels_without_texture_have_a_name(voxels, value, where, code):
    damaged = voxels.copy()
    damaged[where] = value
    image, mask = images(damaged, INTERIOR)
    for profile in ({"binWidth": 25}, "hu", "paper"):
        with pytest.raises(FeatureError) as caught:
            extract(image, mask, profile)
        assert caught.value.code == code


def test_sizes_must_agree(voxels):
    image, _ = images(voxels, INTERIOR)
    with pytest.raises(FeatureError, match="one size"):
        extract(image, image[1:, :, :], "hu")


@pytest.mark.parametrize(("region", "moved"), [("image", 70), ("labelled", 0)])
def test_only_a_whole_image_normalisation_sees_the_field_of_view(voxels, region, moved):
    """Air around the patient moves most features by more than 1 %, unless it does not count."""
    settings = {"normalize": True, "normalizeScale": 100, "normalizeRegion": region, "binWidth": 5}
    image, mask = images(voxels, INTERIOR)
    air = ((0, 0), (20, 20), (20, 20))
    wider = sitk.GetImageFromArray(np.pad(voxels.astype(np.float64), air))
    wider_mask = sitk.GetImageFromArray(np.pad(sitk.GetArrayFromImage(mask), air))
    before, after = extract(image, mask, settings), extract(wider, wider_mask, settings)
    original = [name for name in before if name.startswith("original") and "shape" not in name]
    far = [name for name in original if abs(after[name] - before[name]) > 0.01 * abs(before[name])]
    assert len(original) == 93
    assert len(far) >= moved if moved else not far, len(far)
