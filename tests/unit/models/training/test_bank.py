"""The scans that the networks learn from."""

from dataclasses import replace

import numpy as np
import pytest

from models.training.bank import RECIPES, SEEDS, Scan, Task, scans

COARSE = 6.0  # mm: quick people; the scans keep their own voxels


@pytest.fixture(scope="module")
def drawn() -> dict[Task, list[Scan]]:
    return {task: list(scans(replace(recipe, spacing=COARSE), 5)) for task, recipe in RECIPES.items()}


def test_sagittal_scans(drawn: dict[Task, list[Scan]]) -> None:
    names = [scan.name for scan in drawn["sagittal"]]
    assert names[:2] == ["00005_0_t2.npz", "00005_1_t1.npz"]
    assert len(names) == 4
    for scan in drawn["sagittal"]:
        image, classes = scan.arrays["i"], scan.arrays["l"]
        assert image.shape == classes.shape == (16, 160, 240)
        assert image.dtype == np.float16
        assert set(np.unique(classes)) == set(range(9))


def test_the_lumbosacral_disc_is_a_class_between_l5_and_s1(drawn: dict[Task, list[Scan]]) -> None:
    classes = drawn["sagittal"][0].arrays["l"]
    heights = {name: np.argwhere(classes == name)[:, 2].mean() for name in (1, 2, 6, 7)}
    assert heights[6] < heights[7] < heights[2]
    assert heights[7] < heights[1]


def test_ct_scans(drawn: dict[Task, list[Scan]]) -> None:
    assert [scan.name for scan in drawn["ct"]] == ["00005_0.npz", "00005_1.npz"]
    for scan in drawn["ct"]:
        classes, levels = scan.arrays["sem"], scan.arrays["lev"]
        assert scan.arrays["i"].shape == classes.shape == levels.shape == (90, 84, 122)
        assert set(np.unique(classes)) == set(range(6))
        assert set(np.unique(levels)) | {7} == set(range(9))  # T11 may lie above the scan
        assert ((classes == 1) | (classes == 2))[(levels >= 1) & (levels <= 7)].all()
        assert 0.9 <= scan.arrays["z"] <= 1.1


def test_ct_centres_lie_in_their_bodies(drawn: dict[Task, list[Scan]]) -> None:
    for scan in drawn["ct"]:
        body = scan.arrays["sem"] == 1
        inside = [centre for centre in scan.arrays["C"] if centre[2] < body.shape[2] - 6]
        assert len(inside) >= 4
        for level, centre in enumerate(inside, start=1):
            found = np.argwhere(body & (scan.arrays["lev"] == level)).mean(axis=0)
            assert np.abs(found - centre).max() < 3, level


def test_axial_scans(drawn: dict[Task, list[Scan]]) -> None:
    assert len(drawn["axial"]) == 3
    for scan in drawn["axial"]:
        image, classes = scan.arrays["i"], scan.arrays["l"]
        assert image.shape == classes.shape
        assert image.shape[1:] == (208, 184)
        assert 30 <= image.shape[0] <= 80
        assert set(np.unique(classes)) == set(range(11))
        for left, right in ((1, 2), (3, 4), (5, 6), (7, 8)):  # x rises to the left
            assert np.argwhere(classes == left)[:, 1].mean() > np.argwhere(classes == right)[:, 1].mean()


def test_people_of_the_networks_are_apart() -> None:
    every = [seed for seeds in SEEDS.values() for seed in seeds]
    assert len(every) == len(set(every))
