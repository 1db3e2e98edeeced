"""A NIfTI volume becomes a series whose voxels lie where they lay."""

import numpy as np
import pytest
import SimpleITK

from pipelines.dicom.read import load_volume, read_series
from pipelines.evaluation.manifest import RowError
from pipelines.evaluation.nifti import write_series
from pipelines.types import Role


def write(folder, shape=(30, 12, 16), direction=None, name="scan.nii.gz"):
    """Write an image whose every voxel differs; ITK index (x, y, z) has the reversed shape."""
    image = SimpleITK.GetImageFromArray(np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 4 - 900)
    image.SetSpacing((2.0, 3.0, 4.5))
    image.SetOrigin((10.0, -20.0, 30.0))
    if direction is not None:
        image.SetDirection(direction)
    SimpleITK.WriteImage(image, str(folder / name))
    return folder / name


def read(path, role, folder):
    folder.mkdir()
    series, rejected = read_series(write_series(path, role, folder))
    assert (len(series), rejected) == (1, ())
    return load_volume(series[0], role)


def values_at(path, points):
    image = SimpleITK.ReadImage(str(path))
    return [image.GetPixel(image.TransformPhysicalPointToIndex(point.tolist())) for point in points]


OBLIQUE = (0.0, 0.0, -1.0, 0.98, 0.199, 0.0, 0.199, -0.98, 0.0)  # sagittal, tilted by 11 degrees


@pytest.mark.parametrize("role", [Role.CT, Role.MR_SAG_T2, Role.MR_AXIAL_T2])
@pytest.mark.parametrize("direction", [None, OBLIQUE], ids=["axial", "oblique sagittal"])
def test_every_voxel_keeps_its_place_and_value(role, direction, tmp_path):
    path = write(tmp_path, direction=direction)
    volume = read(path, role, tmp_path / "dicom")
    random = np.random.default_rng(1)
    index = random.integers(0, volume.voxels.shape, (200, 3))
    points = (volume.affine @ np.column_stack([index, np.ones(200)]).T)[:3].T
    expected = np.array(values_at(path, points))
    found = volume.voxels[tuple(index.T)]
    if role is Role.CT:
        np.testing.assert_allclose(found, expected, atol=0.5)
    else:
        assert np.corrcoef(found, expected)[0, 1] > 0.99999


def test_slices_run_as_the_role_wants_them(tmp_path):
    path = write(tmp_path)
    assert read(path, Role.CT, tmp_path / "ct").voxels.shape == (30, 12, 16)
    assert read(path, Role.MR_SAG_T1, tmp_path / "mr").voxels.shape == (16, 30, 12)


def test_what_is_no_volume_is_refused(tmp_path):
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    with pytest.raises(RowError, match="no NIfTI file that can be read"):
        write_series(tmp_path / "broken.nii.gz", Role.CT, tmp_path)
    flat = SimpleITK.GetImageFromArray(np.zeros((4, 5), np.float32))
    SimpleITK.WriteImage(flat, str(tmp_path / "flat.nii.gz"))
    with pytest.raises(RowError, match="a volume of three axes is needed"):
        write_series(tmp_path / "flat.nii.gz", Role.CT, tmp_path)
