import numpy as np
import pytest
import torch

from models.manifest import ManifestError
from models.vit import FeatureViT, initialised, load, write
from pipelines.errors import FeatureError
from pipelines.features.deep import cube, extract_series, identified, load_network

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 2, "heads": 2}
ABOUT = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x") | {"metrics": {}}


@pytest.fixture
def network(tmp_path):
    write(initialised(5, SMALL), tmp_path / "vit", SMALL, ABOUT)
    return identified(load(root=tmp_path))


def test_features_of_each_structure_or_a_reason(axial, network):
    left, right, flat = extract_series(axial, network, batch=2)
    assert list(left.values) == [f"deep_{i:03d}" for i in range(24)]
    assert left.values != right.values
    assert (left.kind, left.profile, left.digest) == ("deep", "vit@x", network.identity.digest)
    assert flat.reason.code == "ROI_CONSTANT"
    assert not flat.values


def test_features_do_not_depend_on_the_batch(axial, network):
    one, all_ = extract_series(axial, network, batch=1), extract_series(axial, network, batch=8)
    for a, b in zip(one, all_, strict=True):
        assert list(a.values.values()) == pytest.approx(list(b.values.values()), abs=1e-6)


def test_digest_covers_the_network(tmp_path, network):
    write(initialised(6, SMALL), tmp_path / "other", SMALL, ABOUT)
    assert identified(load("other", tmp_path)).identity.digest != network.identity.digest


def test_cube_has_mean_0_and_sd_1_and_keeps_the_axes():
    voxels = np.zeros((8, 20, 30), np.float32)
    voxels += np.arange(8, dtype=np.float32)[:, None, None]  # rises with the slice index
    roi = np.zeros(voxels.shape, bool)
    roi[2:6, 4:16, 5:25] = True
    made = cube(voxels, roi, (4.0, 1.0, 1.0), 32)
    assert made.shape == (1, 32, 32, 32)
    assert float(made.mean()) == pytest.approx(0, abs=1e-5)
    assert float(made.std(correction=0)) == pytest.approx(1, abs=1e-5)
    along_slices = made[0, :, 16, 16]
    assert along_slices.argmin() < along_slices.argmax()
    assert torch.equal(made[0, :, 16, 12], made[0, :, 12, 16])


def test_cube_ignores_the_surroundings():
    rng = np.random.default_rng(0)
    voxels = rng.normal(0, 1, (8, 20, 20)).astype(np.float32)
    roi = np.zeros(voxels.shape, bool)
    roi[2:6, 5:15, 5:15] = True
    other = np.where(roi, voxels, 1e4).astype(np.float32)
    assert torch.equal(cube(voxels, roi, (1.0, 1.0, 1.0), 32), cube(other, roi, (1.0, 1.0, 1.0), 32))


@pytest.mark.parametrize(("value", "code"), [(np.nan, "ROI_NOT_FINITE"), (None, "ROI_EMPTY")])
def test_cubes_that_cannot_be(value, code):
    voxels = np.random.default_rng(0).normal(0, 1, (4, 6, 6)).astype(np.float32)
    roi = np.zeros(voxels.shape, bool)
    if value is not None:
        roi[1:3, 1:4, 1:4] = True
        voxels[1, 2, 2] = value
    with pytest.raises(FeatureError) as caught:
        cube(voxels, roi, (1.0, 1.0, 1.0), 32)
    assert caught.value.code == code


def test_a_replaced_weight_file_is_refused(tmp_path, network):
    other = tmp_path / "other"
    write(FeatureViT(**SMALL), other, SMALL, ABOUT)
    (tmp_path / "vit" / "weights.safetensors").write_bytes((other / "weights.safetensors").read_bytes())
    with pytest.raises(ManifestError, match="damaged or replaced"):
        load(root=tmp_path)


def test_the_shipped_network_is_loaded_once():
    network = load_network("cpu")
    assert network is load_network("cpu")
    assert (network.identity.name, network.identity.version) == ("vit", network.encoder.manifest.version)
