"""What is refused before or after the network looks at axial slices."""

import numpy as np
import pytest

from pipelines.errors import SegmentationError
from pipelines.segmentation.axial import segment_axial
from pipelines.types import Role, SourceSeries, Volume


def _volume(voxels: np.ndarray, spacing: tuple[float, float, float]) -> Volume:
    """Axial slices: (slice, row, column) are head, back, left."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, spacing[2]], [0, spacing[1], 0], [spacing[0], 0, 0]])
    series = SourceSeries("1", "2", "MR", (), ())
    return Volume(voxels.astype(np.float32), affine, (None,) * len(voxels), Role.MR_AXIAL, series)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_slices_without_an_image_are_refused(value: float) -> None:
    with pytest.raises(SegmentationError, match="same value") as caught:
        segment_axial(_volume(np.full((3, 64, 64), value), (5, 1, 1)), "cpu")
    assert caught.value.code == "EMPTY_IMAGE"


def test_values_that_are_no_numbers_are_refused() -> None:
    voxels = np.ones((3, 64, 64))
    voxels[1, 10, 10] = np.nan
    with pytest.raises(SegmentationError) as caught:
        segment_axial(_volume(voxels, (5, 1, 1)), "cpu")
    assert caught.value.code == "EMPTY_IMAGE"


def test_a_sagittal_stack_is_refused() -> None:
    voxels = np.random.default_rng(1).random((40, 40, 12))
    with pytest.raises(SegmentationError, match=r"4\.0 x 1\.0 mm in the axial plane") as caught:
        segment_axial(_volume(voxels, (1, 1, 4)), "cpu")
    assert caught.value.code == "NOT_AXIAL"


@pytest.mark.parametrize("count", [1, 3])
def test_slices_of_something_else_are_refused(count: int) -> None:
    """Noise in a ball is no lumbar spine, in however few slices."""
    x, y = np.mgrid[-1:1:96j, -1:1:96j]
    ball = (x**2 + y**2 < 0.8) * np.random.default_rng(2).random((count, 96, 96))
    with pytest.raises(SegmentationError) as caught:
        segment_axial(_volume(ball, (5, 2, 2)), "cpu")
    assert caught.value.code in {"NO_CANAL", "NO_MUSCLES"}
