from pathlib import Path

import numpy as np
import pytest

from pipelines.types import ModelIdentity, Role, Segmentation, SourceSeries, Volume


@pytest.fixture
def segment():
    """Make a Segmentation of arrays; `affine` maps (slice, row, column) to LPS mm."""

    def make(voxels, labels, structures, affine=None, role=Role.MR_SAG_T2):
        series = SourceSeries("1.2", "1.2.1", "CT" if role is Role.CT else "MR", (), (Path("slice"),))
        affine = np.diag([4.0, 1.0, 1.0, 1.0]) if affine is None else np.asarray(affine, np.float64)
        sources = tuple(range(voxels.shape[0]))
        volume = Volume(voxels.astype(np.float32), affine, sources, role, series)
        return Segmentation(volume, labels.astype(np.uint8), structures, ModelIdentity("m", "1", "00"))

    return make


@pytest.fixture
def axial(segment):
    """Two muscles to measure, a flat one, and a canal, on axial MR."""
    voxels = np.random.default_rng(1).normal(200, 30, (6, 40, 40))
    labels = np.zeros(voxels.shape, np.uint8)
    labels[1:5, 5:20, 5:15] = 1
    labels[1:5, 5:20, 22:33] = 2
    labels[0:2, 25:30, 5:9] = 3
    voxels[labels == 3] = 9.0
    labels[1:5, 30:36, 15:24] = 4
    structures = {1: "left multifidus", 2: "right multifidus", 3: "left psoas major", 4: "spinal canal"}
    return segment(voxels, labels, structures, role=Role.MR_AXIAL_T2)
