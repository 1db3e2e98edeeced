"""What the generator knows about a structure, and a network that has learned anatomy should show."""

import torch
from torch import Tensor

from models.anatomy import Anatomy, Tissue
from models.anatomy.tissues import DISCS, FIRST_MUSCLE, LEVELS, MUSCLES


def known(anatomy: Anatomy, image: Tensor, role: str, name: str) -> dict[str, float]:
    """Give what is true about a structure.

    Parameters
    ----------
    anatomy : Anatomy
    image : (X, Y, Z) float32 tensor
        The rendered anatomy, before the scanner.
    role : str
        "ct", "mr_sag_t1", "mr_sag_t2" or "mr_axial_t2".
    name : str
        SegmentLabel.

    Returns
    -------
    dict of str to float
        `marrow_hu` (mean HU of the body's marrow, on CT), `fractured` (0 or 1), `degeneration` (0 healthy to
        1), `fat_share` (of a muscle's volume); only what the structure has.
    """
    if name in MUSCLES:
        return {"fat_share": _fat_share(anatomy, FIRST_MUSCLE + MUSCLES.index(name))}
    level = name.partition(" ")[0]
    if level in DISCS:
        return {"degeneration": anatomy.spine.pathology.degeneration.get(DISCS.index(level), 0.0)}
    vertebra = LEVELS.index(level)
    facts = {"fractured": float(vertebra in anatomy.spine.pathology.fractures)}
    return facts | _marrow(anatomy, image, vertebra + 1) if role == "ct" else facts


def _fat_share(anatomy: Anatomy, muscle: int) -> float:
    tissues = anatomy.tissues[anatomy.instances == muscle]
    return float((tissues == Tissue.MUSCLE_FAT).float().mean())


def _marrow(anatomy: Anatomy, image: Tensor, vertebra: int) -> dict[str, float]:
    marrow = (anatomy.instances == vertebra) & (anatomy.tissues == Tissue.BODY_MARROW)
    return {"marrow_hu": float(image[marrow].mean())} if bool(torch.any(marrow)) else {}
