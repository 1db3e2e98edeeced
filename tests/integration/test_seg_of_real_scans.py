"""SEGs of real series that are hard to place: a tilted gantry, and one scan in both kinds of object."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from phantoms.readback import voxels_of_seg
from phantoms.results import CLOCK, draw, segment
from scipy.spatial import cKDTree

from pipelines.dicom.read import load_volume, read_series
from pipelines.dicom.seg import build_seg
from pipelines.types import Role, Segmentation, SourceSeries, Volume

pytestmark = pytest.mark.real

LABELS = {1: "L3 vertebra", 2: "L4 vertebra", 3: "L5 vertebra"}


def _series(archive: Path, folder: Path) -> list[SourceSeries]:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return list(read_series(sorted(path for path in folder.rglob("*") if path.is_file()))[0])


def _segmented(volume: Volume) -> Segmentation:
    return segment(volume, labels=draw(volume.voxels.shape, len(LABELS)), structures=LABELS)


def _farthest(segmentation: Segmentation) -> float:
    """Largest distance in mm between a voxel's place by the volume's affine and by the SEG."""
    found = voxels_of_seg(build_seg(segmentation, CLOCK).dataset)
    distances = []
    for value, label in LABELS.items():
        index = np.argwhere(segmentation.labels == value)
        places = (segmentation.volume.affine @ np.column_stack([index, np.ones(len(index))]).T)[:3].T
        assert len(found[label]) == len(places)
        distances.append(cKDTree(list(found[label])).query(places)[0].max())
    return float(max(distances))


def test_a_tilted_ct_lies_where_its_slices_lie(shared_data: Path, tmp_path: Path) -> None:
    series = _series(shared_data / "dicom" / "dcm_qa_ct.tar.xz", tmp_path)
    volume = load_volume(next(one for one in series if len(one.headers) == 20), Role.CT)
    assert "GANTRY_TILT" in [warning.code for warning in volume.warnings]
    assert _farthest(_segmented(volume)) < 0.01


def test_classic_and_enhanced_lie_at_the_same_place(shared_data: Path, tmp_path: Path) -> None:
    series = _series(shared_data / "dicom" / "dcm_qa_sag.tar.xz", tmp_path)
    volumes = [load_volume(one, Role.MR_SAG_T2) for one in series]
    assert sorted(len(volume.series.headers) for volume in volumes) == [1, 63]
    assert np.allclose(volumes[0].affine, volumes[1].affine, atol=0.001)
    assert max(_farthest(_segmented(volume)) for volume in volumes) < 0.01
