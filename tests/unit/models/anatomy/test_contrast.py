"""Intensities before the scanner."""

import pytest
import torch

from models.anatomy import Contrast, Tissue, generate, render
from models.anatomy.contrast import TABLES

FIELD = ((-42, 42), (-110, 95), (-150, 150))


@pytest.mark.parametrize("contrast", list(TABLES))
def test_every_tissue_has_a_signal(contrast: Contrast) -> None:
    assert set(TABLES[contrast]) == set(Tissue)


@pytest.mark.parametrize("contrast", list(Contrast))
def test_every_contrast_renders(contrast: Contrast) -> None:
    person = generate(11, FIELD, 6.0)
    image = render(person, contrast)
    assert image.shape == person.tissues.shape
    assert image.dtype == torch.float32
    assert torch.isfinite(image).all()


def test_ct_is_in_hounsfield_units() -> None:
    person = generate(11, FIELD, 6.0)
    image = render(person, Contrast.CT)
    fat = image[person.tissues == Tissue.FAT].mean()
    muscle = image[person.tissues == Tissue.MUSCLE].mean()
    cortex = image[person.tissues == Tissue.POSTERIOR_CORTEX].mean()
    assert -160 < fat < -50 < 10 < muscle < 110 < cortex


def test_worn_discs_are_dark_on_t2() -> None:
    person = generate(11, FIELD, 3.0)
    image = render(person, Contrast.T2)
    nucleus = person.tissues == Tissue.NUCLEUS
    signal = {
        disc.degeneration: float(image[nucleus & (person.instances == 21 + disc.index)].mean())
        for disc in person.spine.discs
    }
    assert max(signal) - min(signal) > 0.3, "this seed no longer has a fresh and a worn disc"
    assert signal[max(signal)] < signal[min(signal)]
