"""Where the reference is drawn: on the volume's own grid, tilted ones too."""

from dataclasses import replace

import numpy as np
import SimpleITK
from phantoms.evaluation import BODIES, RECIPE, segmented, spine, write_scan
from phantoms.results import write_series
from PIL import Image

from pipelines.evaluation.pictures import on_volume, write_picture
from pipelines.evaluation.reference import Reference, read_reference


def test_on_its_own_grid_the_reference_stays_as_it_is(tmp_path):
    volume, row = write_scan(tmp_path)
    np.testing.assert_array_equal(on_volume(read_reference(row), volume), spine())


def test_on_a_tilted_grid_it_lies_where_it_lay(tmp_path):
    steps = {"step": (-4.0, 0.0, 1.5), "row_cosines": RECIPE.row_cosines}
    volume = write_series(replace(RECIPE, **steps), tmp_path / "tilted")
    geometry = SimpleITK.GetImageFromArray(np.zeros((40, 60, 60), np.uint8))
    geometry.SetSpacing((2.0, 2.0, 5.0))
    geometry.SetOrigin((-80.0, 0.0, -420.0))
    values = np.zeros((40, 60, 60), np.int32)
    values[10:30, 20:40, 15:35] = 3
    placed = on_volume(Reference(geometry, values, {3: "L3 vertebra"}), volume)
    points = (volume.affine @ np.column_stack([np.argwhere(placed), np.ones((placed > 0).sum())]).T)[:3]
    low, high = np.array([-80 + 30, 40, -420 + 50]), np.array([-80 + 68, 78, -420 + 145])
    assert placed.any()
    assert (points.min(1) >= low - np.array([1, 1, 2.5])).all()
    assert (points.max(1) <= high + np.array([1, 1, 2.5])).all()


def test_the_outline_is_white_where_the_reference_ends(tmp_path):
    volume, row = write_scan(tmp_path)
    reference = read_reference(row)
    thin = np.where(spine() == 1, 1, 0).astype(np.uint8)
    write_picture(segmented(volume, thin, {1: BODIES[1]}), reference, "title", tmp_path / "a" / "b.png")
    with Image.open(tmp_path / "a" / "b.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    white = (pixels[pixels.shape[0] // 3 :] > 230).all(axis=2)  # below the title
    assert white.sum() > 300
