"""From the rendered truth to a scan."""

import pytest
import torch

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, generate, render

FIELD = ((-42, 42), (-110, 95), (-150, 150))


@pytest.fixture
def person() -> Anatomy:
    return generate(2, FIELD, 5.0)


def test_default_shape_is_what_fits(person: Anatomy) -> None:
    scan, _ = acquire(person, render(person, Contrast.CT), Contrast.CT, Acquisition((10.0, 5.0, 6.0)))
    assert scan.shape == (8, 41, 50)


def test_labels_keep_their_place(person: Anatomy) -> None:
    grid = Acquisition((5.0, 5.0, 5.0), offset=(0.0, 0.0, 10.0), shape=(17, 41, 50))
    _, (labels,) = acquire(person, render(person, Contrast.T1), Contrast.T1, grid, [person.instances])
    assert torch.equal(labels, person.instances[:17, :, 2:52])


def test_outside_the_anatomy_labels_are_background(person: Anatomy) -> None:
    grid = Acquisition((5.0, 5.0, 5.0), offset=(0.0, 0.0, 400.0), shape=(4, 4, 4))
    scan, (labels,) = acquire(person, render(person, Contrast.CT), Contrast.CT, grid, [person.instances])
    assert not labels.any()
    assert torch.isfinite(scan).all()


@pytest.mark.parametrize("contrast", [Contrast.CT, Contrast.T2])
def test_the_same_seed_gives_the_same_scan(contrast: Contrast) -> None:
    scans = []
    for _ in range(2):
        person = generate(9, FIELD, 6.0)
        scans.append(acquire(person, render(person, contrast), contrast, Acquisition((6.0, 6.0, 6.0)))[0])
    assert torch.equal(*scans)


def test_mr_is_a_magnitude(person: Anatomy) -> None:
    scan, _ = acquire(person, render(person, Contrast.T2), Contrast.T2, Acquisition((6.0, 6.0, 6.0)))
    assert (scan >= 0).all()
