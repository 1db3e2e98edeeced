import csv

import numpy as np
import pytest
from scipy import ndimage

from pipelines.features.radiomics import Profile
from pipelines.features.stability import Perturbation, measure, stable_keys, write_picture, write_table

QUICK = Profile("quick", "1", {"binWidth": 20}, ("Original",), ("firstorder", "shape", "ngtdm"))
FEW = (
    Perturbation("translation", shift=(0.0, 0.3, 0.3)),
    Perturbation("noise", seed=0),
    Perturbation("outline", grow=1),
)
BODIES = {
    1: "L2 vertebral body",
    2: "L3 vertebral body",
    3: "L4 vertebral body",
    4: "L4-L5 disc",
    5: "sacrum",
}


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    voxels = 300 + ndimage.gaussian_filter(rng.normal(0, 400, (8, 70, 40)), 1)
    labels = np.zeros(voxels.shape, np.uint8)
    for value, rows in enumerate((4, 18, 33, 50), start=1):
        labels[1:7, rows : rows + 8 + value, 10:30] = value
        voxels[labels == value] += 40 * value
    return voxels, labels


def test_bodies_agree_and_what_cannot_is_named(segment, arrays, tmp_path):
    voxels, labels = arrays
    found, left_out = measure([segment(voxels, labels, BODIES)], QUICK, FEW, jobs=2)
    (bodies,) = found  # one disc is too few
    assert (bodies.prefix, bodies.structures) == ("mr_sag_t2.body.radiomics", 3)
    assert bodies.digest == QUICK.digest
    assert set(bodies.agreements) == {"all", "translation", "noise", "outline"}
    mean = bodies.features.index("original_firstorder_Mean")
    assert bodies.agreements["all"].value[mean] > 0.8
    volume = bodies.features.index("original_shape_VoxelVolume")
    assert bodies.agreements["noise"].value[volume] == 1
    assert bodies.agreements["outline"].value[volume] < 1
    assert not left_out

    write_table(found, tmp_path / "stability.csv")
    write_picture(found, tmp_path / "stability.png")
    assert (tmp_path / "stability.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "stability.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["key"] for line in lines] == [f"{bodies.prefix}.{name}" for name in bodies.features]
    assert lines[0]["rotation"] == ""
    kept = stable_keys(tmp_path / "stability.csv", least=0.5)
    assert {line["key"] for line in lines if float(line["all_lower"] or "nan") >= 0.5} == kept


def test_a_structure_without_features_is_left_out(segment, arrays):
    voxels, labels = arrays
    flat = voxels.copy()
    flat[labels == 2] = 7
    found, left_out = measure([segment(flat, labels, BODIES)], QUICK, FEW[2:])
    assert not found  # two bodies are too few
    assert [finding.code for finding in left_out] == ["ROI_CONSTANT"]
    assert "L3 vertebral body" in left_out[0].text
    found, _ = measure([segment(flat, labels, BODIES)] * 2, QUICK, FEW[:1])
    assert [one.structures for one in found] == [4]
