"""Perturbations of an image and an outline, small as between two examinations of one patient."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.features.radiomics.resample import Triple

Kind = Literal["translation", "rotation", "noise", "outline"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_MAD_TO_SD = 1 / 0.6745


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One change of image, outline or both.

    Attributes
    ----------
    kind : {"translation", "rotation", "noise", "outline"}
    shift : tuple of three float
        Voxels of the series along slice, row and column index.
    angle : float
        Degrees in the slice plane.
    seed : int or None
        Of noise as strong as the image's own; None: no noise.
    grow : int
        Voxels by which the outline grows in the slice plane; below 0: shrinks.
    """

    kind: Kind
    shift: Triple = (0.0, 0.0, 0.0)
    angle: float = 0.0
    seed: int | None = None
    grow: int = 0


PERTURBATIONS = (
    Perturbation("translation", shift=(0.0, 0.25, 0.25)),
    Perturbation("translation", shift=(0.25, 0.5, 0.0)),
    Perturbation("translation", shift=(0.5, 0.25, 0.75)),
    Perturbation("rotation", angle=-4.0),
    Perturbation("rotation", angle=2.0),
    Perturbation("rotation", angle=6.0),
    Perturbation("noise", seed=0),
    Perturbation("noise", seed=1),
    Perturbation("noise", seed=2),
    Perturbation("outline", grow=1),
    Perturbation("outline", grow=-1),
)


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A structure with what lies around it.

    Attributes
    ----------
    voxels : float64 array of shape (slices, rows, columns)
    roi : bool array of the same shape
    spacing : tuple of three float
        mm along slice, row and column index.
    """

    voxels: NDArray[np.float64]
    roi: NDArray[np.bool_]
    spacing: Triple


def perturbed(piece: Piece, how: Perturbation) -> Piece:
    """Give a piece changed."""
    voxels, roi = piece.voxels, piece.roi
    if how.angle or any(how.shift):
        voxels, roi = _moved(voxels, piece.spacing, how), _moved(roi.astype(float), piece.spacing, how) >= 0.5
    if how.seed is not None:
        voxels = voxels + np.random.default_rng(how.seed).normal(0, noise_of(voxels), voxels.shape)
    if how.grow:
        change = ndimage.binary_dilation if how.grow > 0 else ndimage.binary_erosion
        roi = change(roi, ndimage.generate_binary_structure(2, 1)[None], iterations=abs(how.grow))
    return Piece(voxels, roi, piece.spacing)


def noise_of(voxels: NDArray[Any]) -> float:
    """Estimate the standard deviation of noise from the finest diagonal details in the slice plane.

    The median of Haar details is that of noise, as edges are few (Donoho and Johnstone 1994).
    """
    detail = (voxels[:, 1:, 1:] - voxels[:, 1:, :-1] - voxels[:, :-1, 1:] + voxels[:, :-1, :-1]) / 2
    return float(np.median(np.abs(detail)) * _MAD_TO_SD)


def _moved(array: NDArray[np.float64], spacing: Triple, how: Perturbation) -> NDArray[np.float64]:
    """Shift and turn about the array's centre, in mm, with linear interpolation."""
    turn = math.radians(how.angle)
    rotation = np.eye(3)
    rotation[1:, 1:] = [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    scale = np.array(spacing)
    matrix = rotation * scale / scale[:, None]  # in voxels
    centre = (np.array(array.shape) - 1) / 2
    offset = centre - matrix @ centre + np.array(how.shift)
    moved: NDArray[np.float64] = ndimage.affine_transform(array, matrix, offset, order=1, mode="nearest")
    return moved
