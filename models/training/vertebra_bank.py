"""Scans that the vertebra network learns from: the spine alone at 1.5 mm, bone empty to dense."""

import numpy as np
import torch
from torch import Tensor

from models.anatomy import Acquisition, Anatomy, Contrast, Tissue, acquire, render
from models.anatomy.blur import gaussian_blur
from models.anatomy.fields import smooth_field
from models.anatomy.tissues import FIRST_DISC, LAST_DISC, SACRUM
from models.training.recipe import Array, Recipe, Scan

STEP = 1.5  # mm
DISC = 20  #: all discs, beside 1 to 7 for L5 … T11 and 8 for the sacrum
FIELD_OF_VIEW = ((-75.0, 75.0), (-70.0, 110.0), (-150.0, 160.0))
MARROWS = (Tissue.BODY_MARROW, Tissue.POSTERIOR_MARROW, Tissue.SACRUM_MARROW, Tissue.RIB_MARROW)
CORTICES = (Tissue.BODY_CORTEX, Tissue.POSTERIOR_CORTEX, Tissue.SACRUM_CORTEX, Tissue.RIB_CORTEX)
EMPTIEST_HU = -40.0  #: marrow of an osteoporotic vertebra is mostly fat


def _scan_vertebrae(anatomy: Anatomy, protocol: np.random.Generator, seed: int, number: int) -> Scan:
    """Cubic voxels; slices are thickened when a crop is drawn."""
    x, y, z = (float(v) for v in protocol.uniform(0, STEP, 3))
    image, (instances,) = acquire(
        anatomy,
        _change_bone(anatomy, protocol, render(anatomy, Contrast.CT)),
        Contrast.CT,
        Acquisition((STEP,) * 3, offset=(x, y, z), shape=(99, 119, 205)),
        [anatomy.instances],
    )
    low = np.array([low for low, _ in anatomy.grid.field_of_view])
    arrays = {
        "i": image.numpy().astype(np.float16),
        "lev": _levels(instances.numpy()),
        "C": ((anatomy.body_centres - low - (x, y, z)) / STEP - 0.5).astype(np.float32),
    }
    return Scan(f"{seed:05d}_{number}.npz", arrays)


def _levels(instances: Array) -> Array:
    levels = np.where(instances <= SACRUM, instances, 0).astype(np.uint8)
    levels[(instances >= FIRST_DISC) & (instances <= LAST_DISC)] = DISC
    return levels


def _change_bone(anatomy: Anatomy, protocol: np.random.Generator, image: Tensor) -> Tensor:
    """Widen the range of bone: marrow from empty to dense and with struts, cortex from faint to bright."""
    marrow = torch.isin(anatomy.tissues, torch.tensor(MARROWS))
    cortex = torch.isin(anatomy.tissues, torch.tensor(CORTICES))
    lighter = image + float(protocol.uniform(-110, 40)) + _struts(anatomy, protocol)
    image = torch.where(marrow, lighter.clamp(min=EMPTIEST_HU), image)
    return torch.where(cortex, image * float(protocol.uniform(0.6, 1.15)), image)


def _struts(anatomy: Anatomy, protocol: np.random.Generator) -> Tensor:
    """Draw trabeculae, mostly upright, and patches with more or less of them; HU."""
    random, grid = anatomy.random, anatomy.grid
    fine = gaussian_blur(random.field(grid.shape), 0.8, 2)
    patches = smooth_field(random, grid, 1, 12)[0]
    return fine * float(protocol.uniform(0, 140)) + patches * float(protocol.uniform(0, 40))


VERTEBRAE = Recipe(FIELD_OF_VIEW, 1.25, 2, _scan_vertebrae)
