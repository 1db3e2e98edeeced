"""Images as nnU-Net prepares them: axes (S, A, R), the plan's spacing and normalisation."""

import numpy as np
import pytest
import torch
from phantoms.bundles import SAGITTAL, volume_of
from phantoms.nnunet import INTENSITIES, write_trained

from pipelines.errors import ModelError
from pipelines.segmentation.backends.nnunet import read_plan
from pipelines.segmentation.backends.nnunet_image import check_normalisation, prepare
from pipelines.segmentation.backends.place import onto_volume


@pytest.fixture
def plan(tmp_path):
    def plan(**configuration):
        return read_plan(write_trained(tmp_path, **configuration))

    return plan


def ramp(axis):
    """A volume that grows along one patient axis, LPS mm."""
    shape = (12, 40, 30)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    points = index @ SAGITTAL[:3, :3].T + SAGITTAL[:3, 3]
    return volume_of(points[..., axis] + 1000.0)


@pytest.mark.parametrize(("patient", "axis", "sign"), [(2, 0, 1), (1, 1, -1), (0, 2, -1)])
def test_axes_lead_up_forward_and_right(plan, patient, axis, sign):
    found = plan(normalization_schemes=["NoNormalization"])
    image, _ = prepare(found, ramp(patient))
    steps = torch.diff(image[0, 0], dim=axis)
    inner = steps[2:-2, 2:-2, 2:-2]
    assert (sign * inner > 0).all()
    np.testing.assert_allclose(inner.abs(), 1.5, rtol=0.05)


def test_the_affine_says_where_the_prepared_voxels_lie(plan):
    volume = ramp(2)
    image, affine = prepare(plan(normalization_schemes=["NoNormalization"], spacing=[3.0, 2.0, 4.0]), volume)
    np.testing.assert_allclose(np.linalg.norm(affine[:3, :3], axis=0), [3.0, 2.0, 4.0], rtol=0.05)
    middle = [n // 2 for n in image.shape[2:]]
    height = (affine @ [*middle, 1.0])[2]
    assert float(image[0, 0][tuple(middle)]) == pytest.approx(height + 1000, abs=0.1)


def test_axes_are_transposed_as_the_plan_says(plan, tmp_path):
    found = plan(normalization_schemes=["NoNormalization"])
    image, affine = prepare(found, ramp(2))
    turned, moved = prepare(type(found)(**{**vars(found), "transpose": (2, 0, 1)}), ramp(2))
    assert torch.equal(turned[0, 0], image[0, 0].permute(2, 0, 1))
    np.testing.assert_array_equal(moved[:, :3], affine[:, [2, 0, 1]])


def test_margins_of_zeros_are_cut_and_put_back(plan):
    voxels = np.zeros((12, 40, 30))
    voxels[3:9, 8:30, 5:25] = 7
    volume = volume_of(voxels)
    image, affine = prepare(plan(normalization_schemes=["NoNormalization"], spacing=[1.5, 1.5, 4.0]), volume)
    assert image.shape == (1, 1, 22, 20, 6)
    labels = onto_volume(np.ones(image.shape[2:], np.uint8), affine, volume)
    np.testing.assert_array_equal(labels > 0, voxels > 0)


def test_an_empty_image_stays_as_it_is(plan):
    image, _ = prepare(
        plan(normalization_schemes=["RescaleTo01Normalization"]), volume_of(np.zeros((4, 9, 9)))
    )
    assert image.abs().sum() == 0


def test_ct_is_scaled_by_the_training_images(plan):
    values = np.full((4, 9, 9), 5000.0)
    image, _ = prepare(plan(), volume_of(values))
    expected = (INTENSITIES["percentile_99_5"] - INTENSITIES["mean"]) / INTENSITIES["std"]
    assert image.unique().tolist() == [expected]


@pytest.mark.parametrize("masked", [False, True])
def test_mr_is_standardised_within_the_mask_if_asked(plan, masked):
    voxels = np.random.default_rng(0).normal(100, 9, (8, 20, 20))
    voxels[:, 12:, 12:] = 0
    spacing = {"spacing": [1.5, 1.5, 4.0]}
    found = plan(normalization_schemes=["ZScoreNormalization"], use_mask_for_norm=[masked], **spacing)
    image, _ = prepare(found, volume_of(voxels))
    part = image[image != 0] if masked else image
    assert abs(float(part.mean())) < 1e-4
    assert float(part.std(correction=0)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("schemes", [["RGBTo01Normalization"], ["CTNormalization", "CTNormalization"]])
def test_an_unknown_normalisation_is_refused(plan, schemes):
    with pytest.raises(ModelError, match=r"plans\.json: normalization_schemes: one of CTNormalization, "):
        check_normalisation(plan(normalization_schemes=schemes))
