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
