"""A folder of nnU-Net v2: read, checked, loaded without executing anything, mirrored as it was trained."""

import json

import pytest
import torch
from phantoms.nnunet import ARCHITECTURE, CT_LABELS, DATASET, write_checkpoint, write_trained

from models.nnunet import PACKAGE
from pipelines.errors import ModelError
from pipelines.segmentation.backends.files import stamp_of
from pipelines.segmentation.backends.nnunet import load_trained, read_plan


def load(folder):
    return load_trained(folder, stamp_of(read_plan(folder).used), "cpu")


def change(path, edit):
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))


def plans_without(key, *place):
    def spoil(folder):
        def edit(values):
            for step in place:
                values = values[step]
            values.pop(key)

        change(folder / "plans.json", edit)

    return spoil


def dataset_with(**values):
    return lambda folder: change(folder / "dataset.json", lambda found: found.update(values))


@pytest.fixture
def folder(tmp_path):
    return write_trained(tmp_path)


def test_the_plan(folder):
    plan = read_plan(folder.parent)
    assert (plan.folder, plan.dataset) == (folder, DATASET)
    assert plan.checkpoint == folder / "fold_0/checkpoint_final.pth"
    assert plan.labels == {number: name for name, number in CT_LABELS.items()}
    assert plan.configuration["spacing"] == [1.5, 1.5, 1.5]
    assert plan.transpose == (0, 1, 2)


def test_a_configuration_may_inherit(folder):
    def derive(plans):
        plans["configurations"]["3d_high"] = {"inherits_from": "3d_fullres", "patch_size": [8, 8, 8]}

    change(folder / "plans.json", derive)
    high = folder.rename(folder.with_name("nnUNetTrainer__nnUNetPlans__3d_high"))
    configuration = read_plan(high).configuration
    assert (configuration["patch_size"], configuration["spacing"]) == ([8, 8, 8], [1.5, 1.5, 1.5])


def test_the_checkpoints_weights_arrive(folder):
    trained = load(folder)
    saved = torch.load(folder / "fold_0/checkpoint_final.pth", weights_only=False)["network_weights"]
    state = trained.network.state_dict()
    assert all(torch.equal(saved[name], value) for name, value in state.items())
    assert trained.mirrored == ()


def test_mirrored_as_it_was_trained(folder):
    plans = json.loads((folder / "plans.json").read_text())
    write_checkpoint(folder, plans, 5, inference_allowed_mirroring_axes=(0, 2))
    trained, image = load(folder), torch.randn(1, 1, 8, 16, 16)
    with torch.inference_mode():
        flips = [(), (2,), (4,), (2, 4)]
        mean = sum(trained.network(image.flip(flip)).flip(flip) for flip in flips) / 4
        torch.testing.assert_close(trained(image), mean)


def test_a_checkpoint_that_holds_more_than_tensors_is_not_executed(folder):
    plans = json.loads((folder / "plans.json").read_text())
    write_checkpoint(folder, plans, 5, logging=stamp_of)
    with pytest.raises(ModelError, match=r"checkpoint_final\.pth: cannot be read as weights"):
        load(folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "plans.json").unlink(), r"a folder with plans\.json, dataset\.json and fold_0"),
        (lambda f: (f / "dataset.json").unlink(), r"dataset\.json: cannot be read"),
        (lambda f: (f / "fold_0/checkpoint_final.pth").unlink(), r"no fold_0/checkpoint_final\.pth; copy"),
        (plans_without("configurations"), "lacks 'configurations'"),
        (plans_without("3d_fullres", "configurations"), "lacks '3d_fullres'"),
        (lambda f: f.rename(f.with_name("a__b__2d")), "a network of two dimensions"),
        (dataset_with(channel_names={"0": "T1", "1": "T2"}), "takes 2 images"),
        (dataset_with(labels={"b": 0, "a": [1, 2]}), "regions of several"),
        (dataset_with(labels={"b": 0, "a": 2}), "must be numbered 0, 1, 2"),
    ],
)
def test_what_is_wrong_with_the_files_is_found_without_loading(folder, spoil, said):
    dataset = folder.parent
    spoil(folder)
    with pytest.raises(ModelError, match=said):
        read_plan(dataset)


def test_one_model_of_several_must_be_named(folder):
    second = folder.with_name("other__nnUNetPlans__3d_fullres")
    second.mkdir()
    (second / "plans.json").write_text("{}")
    with pytest.raises(ModelError, match=f"there: {folder.name}, {second.name}"):
        read_plan(folder.parent)


def test_damaged_weights_are_named(folder):
    (folder / "fold_0/checkpoint_final.pth").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"checkpoint_final\.pth: cannot be read as weights"):
        load(folder)


def test_weights_of_another_model_are_named(folder):
    change(folder / "dataset.json", lambda v: v["labels"].update(more=5))
    with pytest.raises(
        ModelError, match=r"does not fit plans\.json and dataset\.json beside it.*take all three"
    ):
        load(folder)


def test_an_architecture_of_the_missing_package_comes_with_the_command(tmp_path):
    pytest.importorskip("torch")
    other = {**ARCHITECTURE, "network_class_name": f"{PACKAGE}.architectures.none.Unheard"}
    with pytest.raises(ModelError, match=r"pip install 'lumbar-node\[totalsegmentator\]'"):
        load(write_trained(tmp_path, architecture=other))


def test_foreign_code_is_not_imported(tmp_path):
    other = {**ARCHITECTURE, "network_class_name": "os.system"}
    with pytest.raises(ModelError, match=r"plans\.json: network_class_name: 'os\.system' is not of"):
        load(write_trained(tmp_path, architecture=other))
