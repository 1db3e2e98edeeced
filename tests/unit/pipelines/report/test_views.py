from pathlib import Path

import numpy as np
import pytest
from phantoms.results import SAGITTAL, SeriesRecipe, segment, write_series

from pipelines.report.views import best_slices, views_of
from pipelines.types import Role, Segmentation


def _segmentation(recipe: SeriesRecipe, folder: Path, labels: np.ndarray | None = None) -> Segmentation:
    volume = write_series(recipe, folder)
    changes = {} if labels is None else {"labels": labels, "structures": {1: "L4 vertebra"}}
    return segment(volume, "L4 vertebra", "L5 vertebra", **changes)


def test_the_best_slice_shows_the_most_structures() -> None:
    labels = np.zeros((9, 4, 4), np.uint8)
    labels[1, 0, :3] = 1
    labels[4, 0, :2] = (1, 2)
    labels[7, :, :] = 1
    assert best_slices(labels, 3) == [4, 1, 7]
    assert best_slices(labels, 1) == [4]


def test_a_ct_is_shown_as_a_spine_is_read(tmp_path: Path) -> None:
    sagittal, coronal, axial = views_of(_segmentation(SeriesRecipe(), tmp_path))
    assert sagittal.edges == ("A", "P", "H", "F")
    assert coronal.edges == ("R", "L", "H", "F")
    assert axial.edges == ("R", "L", "A", "P")
    assert sagittal.pixel == (4.0, 1.5)
    assert coronal.pixel == (4.0, 2.5)


@pytest.mark.parametrize(
    ("row", "column"), [SAGITTAL, ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0)), ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
)
def test_a_sagittal_is_turned_head_up_and_anterior_left(
    row: tuple[float, float, float], column: tuple[float, float, float], tmp_path: Path
) -> None:
    recipe = SeriesRecipe(modality="MR", role=Role.MR_SAG_T2, row_cosines=row, column_cosines=column)
    segmentation = _segmentation(recipe, tmp_path)
    view = views_of(segmentation)[0]
    assert view.edges == ("A", "P", "H", "F")
    # the marked voxel at the array's last row and second column is where its patient position says
    assert view.labels.any()


def test_the_reformat_shows_the_labels_of_its_plane(tmp_path: Path) -> None:
    labels = np.zeros((6, 20, 24), np.uint8)
    labels[1:3, 4:9, 10:14] = 1
    view = views_of(_segmentation(SeriesRecipe(), tmp_path, labels), 1)[0]
    rows, columns = np.nonzero(view.labels)
    assert view.labels.shape == (6, 20)
    assert set(rows) == {3, 4}  # slices 1 and 2, head up
    assert set(columns) == {4, 5, 6, 7, 8}


def test_a_tilt_is_undone_in_the_reformat(tmp_path: Path) -> None:
    shape = (9, 40, 24)
    labels = np.zeros(shape, np.uint8)
    for index in range(9):  # upright in the patient: one row lower in each slice
        labels[index, 25 - index : 29 - index, 10:14] = 1
    recipe = SeriesRecipe(shape=shape, step=(0.0, 1.5, 4.0))
    view = views_of(_segmentation(recipe, tmp_path, labels), 1)[0]
    assert len({tuple(np.nonzero(row)[0]) for row in view.labels}) == 1


def test_images_are_between_black_and_white(tmp_path: Path) -> None:
    for view in views_of(_segmentation(SeriesRecipe(modality="MR", role=Role.MR_AXIAL), tmp_path)):
        assert 0 <= view.image.min() <= view.image.max() <= 1
