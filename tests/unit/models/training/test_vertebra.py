"""Crops around one vertebra: what is marked, and what is to be found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.anatomy.randomness import Randomness
from models.training.bank import scans
from models.training.batch import Scan
from models.training.recipe import Scan as Stored
from models.training.vertebra import BEHIND, CROP, draw_vertebra, load_vertebra
from models.training.vertebra_bank import DISC, VERTEBRAE

SPACING = 3.0  # mm: a quick person
SMALL = (32, 44, 32)  # voxels: a quick crop


@pytest.fixture(scope="module")
def stored() -> list[Stored]:
    return list(scans(replace(VERTEBRAE, spacing=SPACING), 5))


@pytest.fixture(scope="module")
def scan(stored: list[Stored], tmp_path_factory: pytest.TempPathFactory) -> Scan:
    path: Path = tmp_path_factory.mktemp("bank") / stored[0].name
    np.savez(path, **stored[0].arrays)
    return load_vertebra(path)


def test_scans_of_the_spine(stored: list[Stored]) -> None:
    assert [scan.name for scan in stored] == ["00005_0.npz", "00005_1.npz"]
    for scan in stored:
        image, levels = scan.arrays["i"], scan.arrays["lev"]
        assert image.shape == levels.shape == (99, 119, 205)
        assert set(np.unique(levels)) == {*range(9), DISC}
        assert np.isfinite(image).all()


def test_centres_lie_in_the_middle_of_their_bodies(stored: list[Stored]) -> None:
    for scan in stored:
        levels = scan.arrays["lev"]
        for number, centre in enumerate(scan.arrays["C"][:6], start=1):
            x, y, z = np.rint(centre).astype(int)
            assert (levels[x - 2 : x + 3, y - 2 : y + 3, z - 2 : z + 3] == number).mean() > 0.9


def test_bone_differs_between_the_scans_of_a_person(stored: list[Stored]) -> None:
    first, second = (scan.arrays["i"][scan.arrays["lev"] == 3].astype(float).mean() for scan in stored)
    assert abs(first - second) > 5


def test_batches_of_crops(scan: Scan) -> None:
    batch = draw_vertebra(Randomness(3), [scan], CROP)
    assert batch.images.shape == (2, 2, *CROP)
    assert batch.classes.shape == (2, *CROP)
    assert batch.votes is None
    assert torch.isfinite(batch.images).all()
    assert float(batch.images[:, 0].min()) >= -1


def test_the_marked_body_is_the_vertebra_to_be_found(scan: Scan) -> None:
    x, y, z = np.rint((np.array(SMALL) - 1) / 2 - BEHIND).astype(int)
    found = []
    for seed in range(12):
        batch = draw_vertebra(Randomness(seed), [scan], SMALL)
        mark = batch.images[:, 1]
        assert torch.equal(mark[:, x, y, z], mark.amax((1, 2, 3)))
        found += batch.classes[:, x - 1 : x + 2, y - 1 : y + 2, z - 1 : z + 2].flatten().tolist()
    assert found.count(1) > 0.95 * len(found)


def test_crops_show_every_class_and_now_and_then_the_end_of_the_view(scan: Scan) -> None:
    batches = [draw_vertebra(Randomness(seed), [scan], SMALL) for seed in range(12)]
    classes = torch.cat([batch.classes for batch in batches])
    assert set(classes.unique().tolist()) == {0, 1, 2, 3}
    images = torch.cat([batch.images[:, 0] for batch in batches])
    ended = [image for image in images if (image[:, :, 0] == -1).all() or (image[:, :, -1] == -1).all()]
    assert 0 < len(ended) < len(images)


def test_the_same_seed_draws_the_same_crops(scan: Scan) -> None:
    one, other = (draw_vertebra(Randomness(8), [scan], shape=(24, 24, 16)) for _ in range(2))
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.classes, other.classes)
