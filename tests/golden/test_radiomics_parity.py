"""The node's own engine against PyRadiomics on real scans: original and wavelet images."""

import numpy as np
import pytest
import SimpleITK as sitk
from phantoms.ibsi import read
from scipy import ndimage

from pipelines.features.radiomics import extract

pytestmark = pytest.mark.real

SAME = 1e-9
CANCELLING = ("firstorder_Mean", "firstorder_Skewness", "glcm_ClusterShade", "glcm_Correlation", "glcm_Imc")
"""Sums whose terms cancel: near 0 PyRadiomics' own rounding shows (docs/radiomics.md)."""


def assert_parity(voxels, inside, spacing, settings):
    images = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(inside.astype("uint8"))
    for image in images:
        image.SetSpacing(spacing[::-1])
    found, expected = (
        extract(*images, {**settings, "engine": engine}) for engine in ("lumbar", "pyradiomics")
    )
    assert list(found) == list(expected)
    for name, value in expected.items():
        tolerance = 1e-6 if name.endswith("glcm_MCC") else SAME
        absolute = 1e-8 if any(each in name for each in CANCELLING) else 0
        assert found[name] == pytest.approx(value, rel=tolerance, abs=absolute), name


@pytest.mark.parametrize("bins", [{"binWidth": 25}, {"binWidth": 10}, {"binCount": 32}], ids=str)
def test_chest_ct(shared_data, bins):
    folder = shared_data / "ibsi/ibsi_1_ct_radiomics_phantom/nifti"
    voxels, spacing = read(folder / "image/phantom.nii.gz")
    mask, _ = read(folder / "mask/mask.nii.gz")
    inside = (mask > 0) & (voxels > -200) & (voxels < 300)
    inside[:20], inside[26:] = False, False
    assert_parity(voxels, inside, spacing, bins)


@pytest.mark.parametrize(
    ("scan", "bins"),
    [("IVD/11", {"binWidth": 25}), ("IVD/11", {"binWidth": 5}), ("VB1/02", {"binWidth": 25})],
    ids=str,
)
def test_disc_and_vertebral_body_on_mr(shared_data, scan, bins):
    voxels, spacing = read(shared_data / f"mr_sagittal/{scan}_img.nii.gz")
    labels, _ = read(shared_data / f"mr_sagittal/{scan}_seg.nii.gz")
    components, _ = ndimage.label(labels > 0)
    inside = components == np.bincount(components.ravel())[1:].argmax() + 1
    settings = {"normalize": True, "normalizeScale": 100, "interpolator": "sitkLinear", **bins}
    assert_parity(voxels, inside, spacing, settings)
    assert_parity(
        voxels, inside, spacing, {**settings, "resampledPixelSpacing": (1.5, 1.5, 1.5), "binWidth": 25}
    )


def test_muscle_on_mr(shared_data):
    folder = shared_data / "mr_axial_dixon/TUM01"
    voxels, spacing = read(folder / "TUM01_water_img_img_L2-L5.nii.gz")
    labels, _ = read(folder / "TUM01_water_manual_label_segmentation_L2-L5.nii.gz")
    inside = labels == labels[labels > 0].min()
    assert_parity(voxels, inside, spacing, {"normalize": True, "normalizeScale": 100, "binWidth": 25})
