"""Even grids and runs."""

import numpy as np
import pytest

from pipelines.dicom.geometry import fit_grid, longest_even_run


def line(places, step=(0.0, 0.5, 3.0)):
    return np.array([1.0, 2.0, 3.0]) + np.array(places)[:, None] * np.array(step)


def test_even_places():
    grid = fit_grid(line(range(6)))
    assert grid.size == 6
    assert grid.missing == 0
    np.testing.assert_allclose(grid.origin, [1, 2, 3], atol=1e-9)
    np.testing.assert_allclose(grid.step, [0, 0.5, 3], atol=1e-9)


@pytest.mark.parametrize(
    ("places", "missing", "fillable"),
    [
        ([*range(10), *range(11, 21)], 1, True),
        ([*range(10), *range(12, 22)], 2, True),
        ([*range(10), *range(13, 40)], 3, False),  # three in a row
        ([0, 1, 2, 3, 5, 6, 7], 1, False),  # more than a tenth
    ],
)
def test_holes(places, missing, fillable):
    grid = fit_grid(line(places))
    assert (grid.missing, grid.fillable) == (missing, fillable)


@pytest.mark.parametrize("places", [[0, 1, 2, 3.4, 4.4], [0, 1, 1.1, 2, 3, 4]])
def test_uneven_places(places):
    assert fit_grid(line(places)) is None


def test_slices_beside_the_line_are_no_grid():
    positions = line(range(8))
    positions[4:, 0] += 10
    assert fit_grid(positions) is None


def test_tilt():
    assert fit_grid(line(range(5), (0, 0, 2))).tilt(np.array([0, 0, 1.0])) == pytest.approx(0)
    assert fit_grid(line(range(5), (0, 2, 2))).tilt(np.array([0, 0, 1.0])) == pytest.approx(45)


@pytest.mark.parametrize(
    ("places", "run"),
    [
        ([0, 1, 2, 3], slice(0, 4)),
        ([0, 1, 2, 4, 6, 8, 10], slice(2, 7)),
        ([0, 2, 4, 5, 6, 7], slice(2, 6)),
        ([0, 1, 2, 9, 10, 11, 12, 20], slice(3, 7)),
        ([0, 5], slice(0, 2)),
    ],
)
def test_longest_even_run(places, run):
    assert longest_even_run(line(places)) == run
