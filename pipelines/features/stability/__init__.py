"""How far radiomics features keep their values when the same patient is imaged and outlined again.

Nobody is scanned twice for this: images and outlines are perturbed (Zwanenburg et al., Sci Rep 2019; 9:614).
"""

from pipelines.features.stability.icc import Agreement, agreement
from pipelines.features.stability.measure import Stability, measure
from pipelines.features.stability.perturb import PERTURBATIONS, Perturbation
from pipelines.features.stability.tables import stable_keys, write_picture, write_table

__all__ = [
    "PERTURBATIONS",
    "Agreement",
    "Perturbation",
    "Stability",
    "agreement",
    "measure",
    "stable_keys",
    "write_picture",
    "write_table",
]
