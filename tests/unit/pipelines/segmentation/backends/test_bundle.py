"""Any MONAI bundle: its own preprocessing, network and inferer; our structures; what is wrong is named."""

import json

import numpy as np
import pytest
import torch
from phantoms.bundles import spine, volume_of, write_bundle
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation

from pipelines.errors import ModelError, SegmentationError
from pipelines.segmentation.backends.bundle import MonaiBundle
from pipelines.segmentation.segmenter import FAILED
from pipelines.types import Role

CLASSES = {"sacrum": 1, "vertebra": 2, "disc": 3}


def opened(folder, **options):
    return MonaiBundle(Role.MR_SAG_T2, {"path": str(folder), **options})


def as_classes(segmentation):
    """The labels with the values of the phantom's classes."""
    table = np.zeros(256, np.uint8)
    for value, name in segmentation.structures.items():
        table[value] = CLASSES[name.split()[-1]]
    return table[segmentation.labels]


def change(path, edit):
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))


def edit_config(folder, **values):
    change(folder / "configs/inference.json", lambda v: v.update(values))


def edit_output(folder, **values):
    path = folder / "configs/metadata.json"
    change(path, lambda v: v["network_data_format"]["outputs"]["pred"].update(values))


def test_a_bundle_segments_onto_the_volumes_own_grid(tmp_path):
    volume = spine(3)
    found = opened(write_bundle(tmp_path / "b")).segment(volume, "cpu")
    discs = {"L5-S1 disc", "L4-L5 disc", "L3-L4 disc"}
    assert set(found.structures.values()) == {"sacrum", "L5 vertebra", "L4 vertebra", "L3 vertebra"} | discs
    assert found.levels_determined
    np.testing.assert_array_equal(as_classes(found), volume.voxels)


def test_an_oblique_volume_in_another_order_is_segmented_where_it_lies(tmp_path):
    volume = spine(3)
    turned = volume.affine.copy()
    turned[:3] = Rotation.from_euler("xyz", [8, -6, 11], degrees=True).as_matrix() @ volume.affine[:3]
    turned = turned[:, [1, 0, 2, 3]]
    found = opened(write_bundle(tmp_path / "b")).segment(volume_of(volume.voxels.swapaxes(0, 1), turned))
    np.testing.assert_array_equal(as_classes(found), volume.voxels.swapaxes(0, 1))


def test_a_coarser_preprocessing_comes_back_on_the_volumes_grid(tmp_path):
    volume = spine(3)
    found = as_classes(opened(write_bundle(tmp_path / "b", spacing=3.0)).segment(volume))
    for value in CLASSES.values():
        a, b = found == value, volume.voxels == value
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.85


def test_the_sites_label_map_comes_before_the_bundles(tmp_path):
    folder = write_bundle(tmp_path / "b", label_map={"structures": {"1": "sacrum"}})
    assert set(opened(folder).segment(spine(2)).structures.values()) == {"sacrum"}
    other = tmp_path / "site.json"
    other.write_text(json.dumps({"structures": {"sacrum": "spinal canal"}}))
    found = opened(folder, label_map=str(other)).segment(spine(2))
    assert set(found.structures.values()) == {"spinal canal"}


def test_the_identity_is_the_bundles_and_follows_every_file_that_matters(tmp_path):
    folder = write_bundle(tmp_path / "b")
    first = opened(folder).identity("cpu")
    assert (first.name, first.version, len(first.digest)) == ("nearest", "3", 64)
    assert opened(folder).identity("cpu") == first
    (folder / "label_map.json").write_text(json.dumps({"structures": {"1": "sacrum"}}))
    assert opened(folder).identity("cpu").digest != first.digest
    assert opened(folder).segment(spine(2)).model == opened(folder).identity()


def test_names_fit_dicom(tmp_path):
    folder = write_bundle(tmp_path / "b")
    change(folder / "configs/metadata.json", lambda v: v.update(name="a\\b\n" + "c" * 80, version=""))
    found = opened(folder).identity("cpu")
    assert found.name == "a/b " + "c" * 60
    assert found.version == "unnamed"


def test_new_weights_are_loaded(tmp_path):
    folder = write_bundle(tmp_path / "b")
    segmenter = opened(folder)
    segmenter.segment(spine(2), "cpu")
    state = torch.load(folder / "models/model.pt", weights_only=True)
    torch.save({"model": {k: v * 0 for k, v in state.items()}}, folder / "models/model.pt")
    with pytest.raises(SegmentationError, match="nearest found nothing of: sacrum, vertebra, disc"):
        segmenter.segment(spine(2), "cpu")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # bundles have it all the same
@pytest.mark.parametrize("kind", ["safetensors", "ts"])
def test_other_forms_of_weights(tmp_path, kind):
    folder = write_bundle(tmp_path / "b")
    state = torch.load(folder / "models/model.pt", weights_only=True)
    (folder / "models/model.pt").unlink()
    if kind == "safetensors":
        save_file(state, folder / "models/model.safetensors")
    else:
        network = torch.nn.Conv3d(1, 4, 1)
        network.load_state_dict(state)
        torch.jit.trace(network, torch.zeros(1, 1, 4, 4, 4)).save(folder / "models/model.ts")
    np.testing.assert_array_equal(as_classes(opened(folder).segment(spine(2))), spine(2).voxels)


def test_a_network_that_answers_each_channel_for_itself(tmp_path):
    folder = write_bundle(tmp_path / "b", channels={"0": "sacrum"})
    edit_output(folder, format="classes")
    torch.save(
        {"weight": torch.ones(1, 1, 1, 1, 1), "bias": torch.tensor([-0.5])}, folder / "models/model.pt"
    )
    found = opened(folder).segment(spine(2))
    np.testing.assert_array_equal(found.labels > 0, spine(2).voxels > 0)


def test_weights_are_never_executed(tmp_path):
    folder = write_bundle(tmp_path / "b")
    torch.save(torch.nn.Conv3d(1, 4, 1), folder / "models/model.pt")
    with pytest.raises(ModelError, match=r"model\.pt: cannot be read as weights"):
        opened(folder).identity("cpu")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: (b / "configs/metadata.json").unlink(), r"metadata\.json: cannot be read: No such file"),
        (lambda b: (b / "configs/metadata.json").write_text("{"), r"metadata\.json: not valid JSON"),
        (
            lambda b: (b / "configs/inference.json").unlink(),
            "none of configs/inference.json",
        ),
        (lambda b: (b / "models/model.pt").unlink(), "none of models/model.safetensors, models/model.pt"),
        (
            lambda b: change(b / "configs/metadata.json", lambda v: v.pop("network_data_format")),
            r"outputs\.pred\.channel_def is missing; add it, or put a label_map\.json beside configs",
        ),
        (
            lambda b: edit_output(b, channel_def={"1": "tumour"}),
            r"channel_def: channel 1: 'tumour' is no structure that this node knows",
        ),
        (
            lambda b: edit_output(b, channel_def={"one": "sacrum"}),
            "channel_def must be like",
        ),
        (
            lambda b: edit_output(b, num_channels=2),
            "num_channels is 2, but the label map needs 4 channels",
        ),
    ],
)
def test_what_is_wrong_with_the_files_is_found_without_loading(tmp_path, spoil, said):
    folder = write_bundle(tmp_path / "b")
    spoil(folder)
    with pytest.raises(ModelError, match=said):
        opened(folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: (b / "models/model.pt").write_bytes(b"damaged"), r"model\.pt: cannot be read as weights"),
        (
            lambda b: torch.save({"weight": torch.zeros(9, 1, 1, 1, 1)}, b / "models/model.pt"),
            r"model\.pt: does not fit network_def of .*inference\.json",
        ),
        (
            lambda b: torch.save(torch.nn.Conv3d(1, 4, 1, bias=False).state_dict(), b / "models/model.pt"),
            r"model\.pt: does not fit network_def of .*inference\.json, e\.g\. bias",
        ),
        (
            lambda b: change(b / "configs/inference.json", lambda v: v.pop("inferer")),
            r"inference\.json: 'inferer' is missing",
        ),
        (
            lambda b: change(
                b / "configs/inference.json", lambda v: v.update(network_def={"_target_": "no.Net"})
            ),
            r"network_def: .*no\.Net.*install the packages that it names",
        ),
        (
            lambda b: edit_config(b, network_def="a text"),
            r"network_def: a torch\.nn\.Module is needed",
        ),
        (lambda b: (b / "configs/inference.json").write_text("{"), r"inference\.json: cannot be read"),
    ],
)
def test_what_is_wrong_with_the_model_is_found_when_it_is_loaded(tmp_path, spoil, said):
    folder = write_bundle(tmp_path / "b")
    spoil(folder)
    with pytest.raises(ModelError, match=said):
        opened(folder).identity("cpu")


def test_too_few_channels_of_the_network_are_named(tmp_path):
    folder = write_bundle(tmp_path / "b", channels={}, label_map={"structures": {"6": "sacrum"}})
    edit_output(folder, num_channels=9)
    with pytest.raises(ModelError, match=r"\(1, 7 or more, .* were expected: correct the label map"):
        opened(folder).segment(spine(2))


def test_a_bundle_that_breaks_down_on_a_volume_says_so(tmp_path):
    folder = write_bundle(
        tmp_path / "b", config={"preprocessing": {"_target_": "ToTensord", "keys": "label"}}
    )
    with pytest.raises(SegmentationError, match=r"broke down: .*label") as caught:
        opened(folder).segment(spine(2))
    assert caught.value.code == FAILED


def test_no_folder(tmp_path):
    with pytest.raises(ModelError, match=r"path: .* is no folder; name that of a MONAI bundle"):
        opened(tmp_path / "none")
