"""The true labels of a phantom's series, for tests that score a segmentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.anatomy.tissues import CANAL, DISCS, FIRST_DISC, FIRST_MUSCLE, LEVELS, MUSCLES, SACRUM, Tissue
from pipelines.types import Role

Labels = NDArray[np.int16]
MARROW = tuple(
    int(tissue)
    for tissue in (
        Tissue.BODY_MARROW,
        Tissue.BONE_LESION,
        Tissue.VEIN,
        Tissue.OEDEMA,
        Tissue.FATTY_MARROW,
        Tissue.SCLEROSIS,
        Tissue.HAEMANGIOMA,
    )
)


@dataclass(frozen=True, eq=False)
class Truth:
    """True labels on a series' own grid.

    Attributes
    ----------
    labels : (slice, row, column) uint8 array
        Slices in rising order along the cross product of the direction cosines, as in `load_volume`.
    names : mapping of int to str
        Label value to SegmentLabel.
    affine : (4, 4) float64 array
        (slice, row, column, 1) to LPS mm.
    """

    labels: NDArray[np.uint8]
    names: Mapping[int, str]
    affine: NDArray[np.float64]

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Mask of every structure in view, by its SegmentLabel."""
        return {name: self.labels == value for value, name in self.names.items()}


def true_labels(role: Role, instances: Labels, tissues: Labels, affine: NDArray[np.float64]) -> Truth:
    """Name what the generator put into a series.

    Parameters
    ----------
    role : Role
        CT: whole vertebrae and sacrum. Sagittal MR: vertebral bodies (marrow only: their cortex is dark and
        belongs to no reader's outline), discs, sacrum, canal. Axial MR: the eight muscles.
    instances, tissues : (slice, row, column) int16 arrays
    affine : (4, 4) array
    """
    labels, names = np.zeros(instances.shape, np.uint8), {}
    for value, (number, name) in enumerate(_structures(role).items(), start=1):
        mask = instances == number
        if name.endswith("vertebral body"):
            mask &= np.isin(tissues, MARROW)
        if mask.any():
            labels[mask] = value
            names[value] = name
    return Truth(labels, names, affine)


def _structures(role: Role) -> dict[int, str]:
    """Instance number in the generator to SegmentLabel."""
    muscles = {FIRST_MUSCLE + i: name for i, name in enumerate(MUSCLES)}
    if role is not Role.CT and role not in (Role.MR_SAG_T1, Role.MR_SAG_T2):
        return muscles
    kind = "vertebra" if role is Role.CT else "vertebral body"
    spine = {i: f"{level} {kind}" for i, level in enumerate(LEVELS, start=1)} | {SACRUM: "sacrum"}
    if role is Role.CT:
        return spine
    return spine | {FIRST_DISC + i: f"{name} disc" for i, name in enumerate(DISCS)} | {CANAL: "spinal canal"}


def save_truth(path: Path, truth: Truth) -> None:
    """Write labels, names and affine as a compressed npz file."""
    names = np.array([truth.names.get(k, "") for k in range(max(truth.names, default=0) + 1)])
    np.savez_compressed(path, labels=truth.labels, names=names, affine=truth.affine)


def load_truth(path: Path) -> Truth:
    """Read what `save_truth` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    with np.load(path) as stored:
        names = {value: str(name) for value, name in enumerate(stored["names"]) if name}
        return Truth(stored["labels"], names, stored["affine"])
