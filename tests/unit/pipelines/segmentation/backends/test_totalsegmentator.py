"""TotalSegmentator's networks: its names are mapped to ours; what is something else is left out."""

import json

import numpy as np
import pytest
import torch
from phantoms.bundles import spine, volume_of
from phantoms.nnunet import CT_LABELS, DATASET, MR_LABELS, write_trained

from pipelines.errors import ModelError, SegmentationError
from pipelines.segmentation.backends import totalsegmentator
from pipelines.segmentation.backends.totalsegmentator import TotalSegmentator
from pipelines.types import Role


def opened(folder, role=Role.CT, **options):
    return TotalSegmentator(role, {"path": str(folder), **options})


def answering(monkeypatch, values):
    """Let the window answer with the prepared image's own values as classes, through the table `values`."""
    table = torch.tensor(values)

    def window(plan, trained, image):
        classes = table[image[0, 0].round().long()]
        return torch.nn.functional.one_hot(classes, len(plan.labels)).movedim(-1, 0)[None].float()

    monkeypatch.setattr(totalsegmentator, "window", window)


def test_the_networks_masks_lie_on_the_volumes_grid(tmp_path):
    volume = volume_of(np.random.default_rng(0).normal(200, 300, (20, 40, 40)), role=Role.CT)
    segmenter = opened(write_trained(tmp_path))
    try:
        found = segmenter.segment(volume, "cpu")
    except SegmentationError as error:
        assert error.code == "NO_STRUCTURES"
    else:
        assert found.labels.shape == volume.voxels.shape
        assert found.model == segmenter.identity("cpu")


def test_the_identity(tmp_path):
    folder = write_trained(tmp_path)
    found = opened(folder).identity("cpu")
    assert (found.name, found.version) == ("TotalSegmentator total", DATASET[:64])
    (folder / "dataset.json").write_text((folder / "dataset.json").read_text() + " ")
    assert opened(folder).identity("cpu").digest != found.digest


def test_mr_vertebrae_of_one_class_get_their_levels(tmp_path, monkeypatch):
    answering(monkeypatch, [0, 1, 2, 3])  # the phantom's sacrum, vertebra, disc are those of total_mr
    folder = write_trained(
        tmp_path, MR_LABELS, normalization_schemes=["NoNormalization"], spacing=[1.5, 1.5, 4.0]
    )
    found = opened(folder, Role.MR_SAG_T2).segment(spine(3), "cpu")
    names = set(found.structures.values())
    assert {"sacrum", "L5 vertebra", "L4 vertebra", "L3 vertebra", "L5-S1 disc", "L3-L4 disc"} <= names
    assert (found.labels > 0).sum() == (spine(3).voxels > 0).sum()


def test_ct_levels_are_the_networks_and_s1_is_sacrum(tmp_path, monkeypatch):
    answering(monkeypatch, [0, 2, 3, 4])  # from below: S1, L5, L4
    voxels = np.zeros((30, 30, 30))
    for k in range(3):
        voxels[10 * k : 10 * k + 9, 8:22, 8:22] = k + 1
    affine = np.array([[0, 0, 1.5, 0], [0, 1.5, 0, 0], [1.5, 0, 0, 0], [0, 0, 0, 1.0]])
    folder = write_trained(tmp_path, normalization_schemes=["NoNormalization"])
    found = opened(folder).segment(volume_of(voxels, affine, Role.CT), "cpu")
    assert set(found.structures.values()) == {"sacrum", "L5 vertebra", "L4 vertebra"}
    assert found.levels_determined


def test_what_is_something_else_is_left_out(tmp_path):
    segmenter = opened(write_trained(tmp_path, MR_LABELS), Role.MR_SAG_T2)
    assert dict(segmenter._label_map.structures) == {1: "sacrum", 2: "vertebra", 3: "disc"}
    assert segmenter._label_map.channels == len(MR_LABELS)


def test_a_label_map_serves_networks_of_other_tasks(tmp_path):
    muscles = {"background": 0, "psoas_major_left": 1, "psoas_major_right": 2}
    path = tmp_path / "label_map.json"
    path.write_text(json.dumps({"structures": {"psoas_major_left": "left psoas major"}}))
    segmenter = opened(write_trained(tmp_path, muscles), label_map=str(path))
    assert dict(segmenter._label_map.structures) == {1: "left psoas major"}


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        (
            {"background": 0, "spleen": 1},
            {},
            r"dataset\.json: labels: nothing of task total \(vertebrae_L5, ",
        ),
        (CT_LABELS, {"task": "body"}, "task: 'body' is not known; allowed: total, total_mr, vertebrae_mr"),
        (CT_LABELS, {"fast": True}, "unknown option fast; this segmenter takes: path, task, label_map"),
        ({**MR_LABELS, "intervertebral_discs": 4, "spinal_cord": 3}, {"task": "total"}, None),
        (
            {"background": 0, "vertebrae": 1},
            {"task": "total_mr"},
            "'vertebra' or 'vertebral body' without 'disc'",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, labels, options, said):
    folder = write_trained(tmp_path, labels)
    if said is None:
        assert opened(folder, **options)
        return
    with pytest.raises(ModelError, match=said):
        opened(folder, **options)


def test_a_patch_that_the_network_cannot_take_is_said(tmp_path):
    segmenter = opened(write_trained(tmp_path, patch_size=[15, 31, 31]))
    with pytest.raises(SegmentationError, match="3d_fullres broke down: "):
        segmenter.segment(volume_of(np.ones((9, 40, 40)), role=Role.CT), "cpu")
