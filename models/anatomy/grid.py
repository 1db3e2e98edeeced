"""The voxel grid an anatomy is generated on, in world millimetres."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Range = tuple[float, float]
FieldOfView = tuple[Range, Range, Range]
Box = tuple[slice, slice, slice]

MARGIN = 6.0  # mm around a shape's box: the warp may push its surface that far


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid along the world axes x (to the left), y (to the back), z (to the head).

    Attributes
    ----------
    field_of_view : three (low, high) pairs
        Outer faces of the grid in mm.
    spacing : (3,) float64 array
        Edge lengths of a voxel in mm.
    device : str
    """

    field_of_view: FieldOfView
    spacing: NDArray[np.float64]
    device: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along x, y, z."""
        x, y, z = (
            round(float((high - low) / step))
            for (low, high), step in zip(self.field_of_view, self.spacing, strict=True)
        )
        return x, y, z

    @property
    def origin(self) -> tuple[float, float, float]:
        """Centre of voxel (0, 0, 0) in mm."""
        x, y, z = (
            float(low + step / 2) for (low, _), step in zip(self.field_of_view, self.spacing, strict=True)
        )
        return x, y, z

    def axes(self) -> tuple[Tensor, ...]:
        """Voxel centres in mm along x, y and z; float32."""
        return tuple(
            torch.arange(n, device=self.device, dtype=torch.float32) * float(step) + low + float(step) / 2
            for n, step, (low, _) in zip(self.shape, self.spacing, self.field_of_view, strict=True)
        )

    def points(self) -> Tensor:
        """Voxel centres in mm: (3, X, Y, Z) float32."""
        return torch.stack(torch.meshgrid(*self.axes(), indexing="ij"))

    def box(self, centre: NDArray[np.float64], radii: tuple[float, ...]) -> Box | None:
        """Slices that hold a shape of the given centre and half extents (mm), or None outside the grid."""
        slices = []
        for k in range(3):
            low, step = self.field_of_view[k][0], self.spacing[k]
            first = max(int(np.floor((centre[k] - radii[k] - MARGIN - low) / step)), 0)
            last = min(int(np.ceil((centre[k] + radii[k] + MARGIN - low) / step)) + 1, self.shape[k])
            if last <= first:
                return None
            slices.append(slice(first, last))
        return slices[0], slices[1], slices[2]
