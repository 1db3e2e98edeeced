"""Crops on disk give the features that the pipeline computes."""

import pytest
import torch

from models.backbone.cubes import to_cube
from models.training.patient_cubes import read_patient
from models.vit import initialised, load, write
from pipelines.errors import InputError
from pipelines.features.cubes import cubes_of_files, write_cubes
from pipelines.features.deep import extract_series, identified

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 2, "heads": 2}
ABOUT = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x") | {"metrics": {}}


def test_features_from_disk_are_the_pipelines(axial, tmp_path):
    write(initialised(5, SMALL), tmp_path / "vit", SMALL, ABOUT)
    network = identified(load(root=tmp_path))
    assert write_cubes(tmp_path / "P1.npz", [axial]) == 2
    crops = read_patient(tmp_path / "P1.npz")
    assert [(c.role, c.structure) for c in crops] == [
        ("mr_axial_t2", "left multifidus"),
        ("mr_axial_t2", "right multifidus"),
    ]
    found = network.encoder.features(torch.stack([to_cube(c.values, 32) for c in crops]))
    vectors = [vector for vector in extract_series(axial, network) if vector.reason is None]
    for row, vector in zip(found.tolist(), vectors, strict=True):
        assert row == pytest.approx(list(vector.values.values()), abs=0.01)


def test_a_patient_without_structures_is_refused(tmp_path):
    with pytest.raises(InputError, match="P1: no structure was found that gives a cube"):
        cubes_of_files([], tmp_path / "P1.npz")
    assert not list(tmp_path.iterdir())
