"""A shipped network as a MONAI bundle: the same network, for MONAI's own reader and for our back-end."""

import json

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from phantoms.bundles import volume_of
from safetensors.torch import save_file

from models.manifest import WEIGHTS, ManifestError, open_model, write_manifest
from models.training.bundle import SLICES, build, export_bundle
from models.training.export import SETTINGS
from pipelines.errors import SegmentationError
from pipelines.segmentation.backends.bundle import MonaiBundle
from pipelines.segmentation.backends.bundle_files import read_bundle
from pipelines.segmentation.backends.bundle_load import load_bundle, prepare
from pipelines.segmentation.backends.files import stamp_of
from pipelines.segmentation.network import load_network
from pipelines.types import Role

SHIPPED = [name for name in SETTINGS if (WEIGHTS / name).is_dir()]
SEGMENTING = {"ct": Role.CT, "sagittal": Role.MR_SAG_T2, "axial": Role.MR_AXIAL_T2}
#: mandatory in MONAI's schema of metadata.json
MANDATORY = {
    "version", "monai_version", "pytorch_version", "numpy_version", "required_packages_version", "task",
    "description", "authors", "copyright", "network_data_format",
}  # fmt: skip
TENSOR = {
    "type", "format", "num_channels", "spatial_shape", "dtype", "value_range", "is_patch_data", "channel_def"
}  # fmt: skip


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    out = tmp_path_factory.mktemp("bundles")
    return {name: export_bundle(name, out) for name in SHIPPED}


@pytest.mark.parametrize("name", SHIPPED)
def test_monai_reads_the_network_back(bundles, name):
    parser = ConfigParser()
    parser.read_config(bundles[name] / "configs/inference.json")
    parser.read_meta(bundles[name] / "configs/metadata.json")
    parser["bundle_root"], parser["device"] = str(bundles[name]), "$torch.device('cpu')"
    network = parser.get_parsed_content("network").eval()
    path = parser.get_parsed_content("ckpt_path")
    network.load_state_dict(torch.load(path, weights_only=True))
    shipped = load_network(name, "cpu")
    data = parser["_meta_::network_data_format"]
    size = [2 * shipped.net.stride] * len(data["inputs"]["image"]["spatial_shape"])
    patch = torch.randn((1, data["inputs"]["image"]["num_channels"], *size))
    with torch.inference_mode():
        maps = network(patch)
        assert torch.equal(maps, shipped.net(patch))
    assert maps.shape[1] == data["outputs"]["pred"]["num_channels"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_metadata_is_complete_and_the_manifests(bundles, name):
    metadata = json.loads((bundles[name] / "configs/metadata.json").read_text())
    _, manifest = open_model(name)
    assert set(metadata) >= MANDATORY
    assert (metadata["name"], metadata["version"]) == (manifest.name, manifest.version)
    assert manifest.digest in metadata["changelog"][manifest.version]
    data = metadata["network_data_format"]
    for tensor in (data["inputs"]["image"], data["outputs"]["pred"]):
        assert set(tensor) >= TENSOR
        assert len(tensor["channel_def"]) == tensor["num_channels"]
    channels = data["outputs"]["pred"]["channel_def"]
    assert list(channels.values())[: len(manifest.settings["classes"])] == manifest.settings["classes"]


@pytest.mark.parametrize("name", SEGMENTING)
def test_the_label_map_is_one_of_ours(bundles, name):
    found = read_bundle(bundles[name]).label_map
    assert found.channels == len(open_model(name)[1].settings["classes"])
    one = {"ct": "vertebra", "sagittal": "vertebral body", "axial": "left multifidus"}[name]
    assert one in found.structures.values()


@pytest.mark.parametrize("name", sorted(set(SEGMENTING) & set(SLICES)))
def test_our_back_end_feeds_it_slices_with_neighbours(bundles, name):
    volume = volume_of(np.random.default_rng(0).normal(100, 30, (6, 60, 50)), role=SEGMENTING[name])
    files = read_bundle(bundles[name])
    loaded = load_bundle(files.config, files.weights, stamp_of(files.used), "cpu")
    image, affine = prepare(loaded, volume)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    in_plane = open_model(name)[1].settings["in_plane_mm"]
    np.testing.assert_allclose(np.delete(spacing, SLICES[name][0]), in_plane)
    assert (np.diag(affine[:3, :3]) > 0).all()
    assert abs(float(image.mean())) < 1e-5
    with torch.inference_mode():
        assert loaded.infer(image).shape[2:] == image.shape[2:]


def small(root, name, settings):
    """Write a tiny network with random weights as a shipped model."""
    torch.manual_seed(0)
    (root / name).mkdir()
    save_file(build(settings).state_dict(), root / name / "weights.safetensors")
    fields = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x")
    write_manifest(
        root / name, {**fields, "metrics": {}, "settings": settings, "files": ["weights.safetensors"]}
    )


@pytest.mark.parametrize("name", SEGMENTING)
def test_a_network_of_the_same_kind_runs_through_our_back_end(tmp_path, name):
    small(tmp_path, name, {**SETTINGS[name], "features": [4, 8]})
    bundle = export_bundle(name, tmp_path / "out", tmp_path)
    volume = volume_of(np.random.default_rng(0).normal(100, 30, (6, 40, 50)), role=SEGMENTING[name])
    segmenter = MonaiBundle(SEGMENTING[name], {"path": str(bundle)})
    try:
        found = segmenter.segment(volume, "cpu")
    except SegmentationError as error:
        assert error.code == "NO_STRUCTURES"
    else:
        assert found.labels.shape == volume.voxels.shape


def test_a_network_of_another_kind_is_exported_without_preprocessing(bundles):
    config = json.loads((bundles["vertebra"] / "configs/inference.json").read_text())
    assert "preprocessing" not in config
    assert not (bundles["vertebra"] / "label_map.json").exists()


def test_an_older_bundle_is_replaced(tmp_path):
    assert export_bundle("axial", tmp_path) == export_bundle("axial", tmp_path)


@pytest.mark.parametrize("name", ["asdeg", "vit", "none"])
def test_what_is_no_segmentation_network_is_refused(tmp_path, name):
    with pytest.raises(ManifestError, match=r"is no segmentation network|no model is called"):
        export_bundle(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_says_which_slices_go_in(tmp_path):
    small(
        tmp_path,
        "axial",
        {**SETTINGS["axial"], "in_channels": 2, "neighbours_mm": [0, 8], "features": [4, 8]},
    )
    bundle = export_bundle("axial", tmp_path / "out", tmp_path)
    inferer = json.loads((bundle / "configs/inference.json").read_text())["inferer"]
    assert (inferer["axis"], inferer["neighbours_mm"]) == (2, [0, 8])
    small(tmp_path, "sagittal", {**SETTINGS["sagittal"], "in_channels": 7, "features": [4, 8]})
    with pytest.raises(ManifestError, match="sagittal: 7 channels, but 3 slices go in"):
        export_bundle("sagittal", tmp_path / "out", tmp_path)


def test_slices_of_unknown_direction_are_refused(tmp_path):
    small(tmp_path, "coronal", {**SETTINGS["sagittal"], "features": [4, 8]})
    with pytest.raises(ManifestError, match="coronal: across which axis its slices lie is not known"):
        export_bundle("coronal", tmp_path / "out", tmp_path)
