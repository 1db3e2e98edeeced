from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phantoms.readback import voxels_of_labels, voxels_of_seg
from phantoms.results import CLOCK, SeriesRecipe, segment, write_series
from scipy.spatial.transform import Rotation

from pipelines.dicom.seg import build_seg

angles = st.floats(-180, 180, allow_nan=False)
spacings = st.floats(0.3, 5.0, allow_nan=False)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    turn=st.tuples(angles, angles, angles),
    spacing=st.tuples(spacings, spacings),
    shear=st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(1, 6)),
    missing=st.sets(st.integers(0, 5), max_size=4),
)
def test_any_grid_reads_back_where_it_lay(
    turn: tuple[float, float, float],
    spacing: tuple[float, float],
    shear: tuple[float, float, float],
    missing: set[int],
) -> None:
    """Whatever the rotation, spacing, tilt and missing slices: every voxel keeps its place in the patient."""
    row, column, normal = Rotation.from_euler("xyz", turn, degrees=True).as_matrix().round(6).T
    step = shear[0] * row + shear[1] * column + shear[2] * normal
    recipe = SeriesRecipe(
        row_cosines=tuple(map(float, row)),
        column_cosines=tuple(map(float, column)),
        pixel_spacing=(round(spacing[0], 3), round(spacing[1], 3)),  # places are compared to 0.001 mm
        step=tuple(map(float, np.round(step, 3))),
        without_slices=tuple(sorted(missing)),
    )
    with TemporaryDirectory() as folder:
        volume = write_series(recipe, Path(folder))
        segmentation = segment(volume, "L4 vertebra", "left psoas major")
        dataset = build_seg(segmentation, CLOCK).dataset
    without = tuple(sorted(missing))
    assert voxels_of_seg(dataset) == {
        label: points for label, points in voxels_of_labels(segmentation, without).items() if points
    }
