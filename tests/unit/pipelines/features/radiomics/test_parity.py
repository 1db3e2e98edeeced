"""The node's own engine against PyRadiomics: textures of every kind, all settings that change a value."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from pipelines.features.radiomics import FEATURE_CLASSES, Profile, extract

SAME = 1e-9
EPSILON_ONLY = 1e-6
FROM_EPSILON = ("glcm_MCC",)
"""Where PyRadiomics' epsilon decides between eigenvalues that are both 1."""
CANCELLING = ("firstorder_Mean", "firstorder_Skewness", "glcm_ClusterShade", "glcm_Correlation", "glcm_Imc")
"""Sums of terms that cancel: PyRadiomics' own rounding moves them, near 0 by more than SAME of the rest."""


def texture(shape, seed=0, smooth=0.8, scale=60.0):
    rng = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(rng.normal(size=shape), smooth)
    return values / values.std() * scale + 200


def ellipsoid(shape, radii):
    grid = np.meshgrid(
        *(np.linspace(-1, 1, n) * (n - 1) / 2 / r for n, r in zip(shape, radii, strict=True)), indexing="ij"
    )
    return sum(g**2 for g in grid) <= 1


def images(voxels, roi, spacing=(0.9, 1.1, 1.7)):
    made = [sitk.GetImageFromArray(voxels.astype(np.float64)), sitk.GetImageFromArray(roi.astype(np.uint8))]
    for each in made:
        each.SetSpacing(spacing)
    return made


def profile(engine, types=("Original",), classes=FEATURE_CLASSES, **settings):
    return Profile("test", "0", {**settings, "engine": engine}, types, classes)


def assert_parity(image, mask, **choice):
    found = extract(image, mask, profile("lumbar", **choice))
    expected = extract(image, mask, profile("pyradiomics", **choice))
    assert list(found) == list(expected)
    for name, value in expected.items():
        if math.isnan(value):
            assert math.isnan(found[name]), name
            continue
        tolerance = EPSILON_ONLY if name.endswith(FROM_EPSILON) else SAME
        absolute = 1e-9 if any(each in name for each in CANCELLING) else 0
        assert found[name] == pytest.approx(value, rel=tolerance, abs=absolute), name


@pytest.fixture(scope="module")
def body():
    """A region like a disc in a correlated texture, with flat parts."""
    shape = (11, 26, 31)
    voxels = texture(shape)
    voxels[4:7, 12:15] = 250  # a fusion cage: all wavelet details are 0 here, which is an edge of a bin
    return images(voxels, ellipsoid(shape, (3.5, 7.5, 10)))


@pytest.mark.parametrize("bins", [{"binWidth": 25}, {"binWidth": 5}, {"binCount": 32}], ids=str)
def test_original_and_wavelet(body, bins):
    assert_parity(*body, types=("Original", "Wavelet"), **bins)


@pytest.mark.parametrize(
    "settings",
    [
        {"resampledPixelSpacing": (1.3, 1.2, 1.5), "interpolator": "sitkLinear"},
        {"normalize": True, "normalizeScale": 100},
        {"force2D": True, "force2Ddimension": 0},
        {"force2D": True, "force2Ddimension": 2},
        {"distances": (1, 2)},
        {"distances": (3,)},
        {"symmetricalGLCM": False},
        {"weightingNorm": "euclidean"},
        {"weightingNorm": "infinity"},
        {"weightingNorm": "no_weighting"},
        {"gldm_a": 2},
        {"voxelArrayShift": 1000},
        {"resegmentRange": (150, 260)},
        {"resegmentRange": (-1, 1), "resegmentMode": "sigma", "resegmentShape": True},
        {"resegmentRange": (0.6,), "resegmentMode": "relative"},
    ],
    ids=str,
)
def test_every_setting(body, settings):
    assert_parity(*body, binWidth=20, **settings)


@pytest.mark.parametrize(
    "settings", [{"wavelet": "haar"}, {"start_level": 1, "level": 2}, {"force2D": True}], ids=str
)
def test_wavelet_settings(body, settings):
    assert_parity(*body, types=("Wavelet",), classes=("firstorder", "glszm"), binWidth=10, **settings)


@pytest.mark.parametrize("grid", [{}, {"resampledPixelSpacing": (1.0, 1.0, 1.0)}], ids=["as is", "resampled"])
def test_laplacian_of_gaussian(body, grid):
    settings = {"sigma": (1.0, 2.5), "binWidth": 5, "interpolator": "sitkLinear", **grid}
    assert_parity(*body, types=("LoG", "Original"), classes=("firstorder", "glcm", "ngtdm"), **settings)


@pytest.mark.parametrize("seed", range(3))
def test_scattered_voxels(seed):
    """Any mesh, and directions without a neighbour or with lines that leave the region in between."""
    rng = np.random.default_rng(seed)
    roi = rng.random((6, 7, 9)) < (0.5, 0.12, 0.05)[seed]
    assert_parity(*images(texture(roi.shape, seed), roi), binWidth=60)


def test_levels_apart():
    """Outliers that touch nothing but each other: several eigenvalues are 1 but for the epsilon."""
    voxels = texture((9, 12, 14))
    voxels[4, 5, 5:7], voxels[6, 7, 9:11] = 2000, -1500
    assert_parity(*images(voxels, ellipsoid(voxels.shape, (4, 5.5, 6.5))), binWidth=20)


def test_two_levels_and_one():
    voxels = np.where(texture((8, 9, 10)) > 200, 10.0, 20.0)
    roi = ellipsoid(voxels.shape, (3, 4, 4.5))
    assert_parity(*images(voxels, roi), binWidth=5)
    assert_parity(*images(voxels, roi), binWidth=100)
