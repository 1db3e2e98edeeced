"""Bring a volume's own axes into (left, posterior, superior) order, without resampling, and back."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipelines.types import Volume

Box = tuple[slice, slice, slice]
"""Indices from `start` to before `stop` along (L, P, S)."""


@dataclass(frozen=True, eq=False)
class Oriented:
    """A volume with its axes permuted and flipped so that indices grow to the left, posterior and superior.

    Attributes
    ----------
    array : float32 array of shape (L, P, S)
        A view of the volume's voxels.
    spacing : tuple of float
        mm between neighbours along (L, P, S).
    affine : float64 array of shape (4, 4)
        (l, p, s, 1) index -> LPS mm. Still oblique or sheared where the scan was.
    """

    array: NDArray[np.float32]
    spacing: tuple[float, float, float]
    affine: NDArray[np.float64]
    _axes: tuple[int, int, int]
    _flips: tuple[int, ...]

    def cut(self, box: Box) -> "Oriented":
        """Part of the volume inside a box, sharing its memory."""
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ [axis.start for axis in box]
        return replace(self, array=self.array[box], affine=affine)

    def back(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return labels of shape (L, P, S) on the volume's own (slice, row, column) axes."""
        return np.ascontiguousarray(np.flip(labels, self._flips).transpose(np.argsort(self._axes)))


def orient(volume: Volume) -> Oriented:
    """Orient `volume` by its closest patient axes (PS3.3 C.7.6.2.1.1: +x left, +y posterior, +z head)."""
    steps = volume.affine[:3, :3]
    cosines = steps / np.linalg.norm(steps, axis=0)
    _, axes = linear_sum_assignment(-np.abs(cosines))  # patient axis -> index axis
    flips = tuple(k for k in range(3) if cosines[k, axes[k]] < 0)
    array = np.flip(volume.voxels.transpose(axes), flips)
    affine = volume.affine.copy()
    affine[:3, :3] = steps[:, axes]
    for k in flips:
        affine[:3, 3] += affine[:3, k] * (array.shape[k] - 1)
        affine[:3, k] *= -1
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    spacing = float(lengths[0]), float(lengths[1]), float(lengths[2])
    return Oriented(array, spacing, affine, (int(axes[0]), int(axes[1]), int(axes[2])), flips)
