"""A volume in slabs is classified as in one piece."""

import pytest
import torch
from torch.nn import functional

from pipelines.errors import ModelError
from pipelines.segmentation.backends import slabs
from pipelines.segmentation.backends.label_map import LabelMap
from pipelines.segmentation.backends.slabs import NONE, classify

MAP = LabelMap({1: "sacrum"}, 3)


def blurred(image):
    """Maps that depend on neighbours up to 8 voxels away."""
    mean = functional.avg_pool3d(functional.pad(image, [8] * 6), 17, 1) * 200
    return torch.cat([0.1 - mean, mean, image, image * 0 + 9], 1)


@pytest.mark.parametrize("shape", [(200, 6, 5), (6, 170, 5), (6, 5, 131)])
def test_slabs_make_no_difference(monkeypatch, shape):
    image = torch.randn((1, 1, *shape), generator=torch.Generator().manual_seed(0))
    whole = classify(image, blurred, MAP, 4)
    monkeypatch.setattr(slabs, "VALUES_AT_ONCE", 1)
    seen = []
    parts = classify(image, lambda x: (seen.append(x.shape), blurred(x))[1], MAP, 4)
    assert len(seen) > 3
    assert (parts == whole).all()
    assert set(whole.ravel().tolist()) == {0, 1, 2}  # the fourth channel does not compete


def test_sigmoid_channels_answer_for_themselves():
    image = torch.tensor([-2.0, 3.0, 0.5]).reshape(1, 1, 3, 1, 1)
    alone = LabelMap({0: "sacrum"}, 1, "sigmoid")
    assert classify(image, lambda x: x, alone, 1).ravel().tolist() == [NONE, 0, 0]


@pytest.mark.parametrize("wrong", [lambda x: x, lambda x: x[..., 1:].repeat(1, 4, 1, 1, 1), lambda x: x[0]])
def test_maps_of_another_shape_are_refused(wrong):
    with pytest.raises(ModelError, match=r"gives maps of shape .* \(1, 3 or more, 4, 4, 4\) were expected"):
        classify(torch.zeros(1, 1, 4, 4, 4), wrong, MAP, 4)
