"""The surface anatomy is painted on: later paint covers earlier paint."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.fields import smooth_field
from models.anatomy.grid import Box, Grid
from models.anatomy.randomness import Randomness
from models.anatomy.tissues import Tissue


@dataclass(frozen=True, eq=False)
class Canvas:
    """Tissue and structure of every voxel, with the warped position at which shapes are evaluated.

    Attributes
    ----------
    grid : Grid
        The whole grid, also for a canvas that is only a window of it.
    points : (3, X, Y, Z) float32 tensor
        Warped voxel centres in mm.
    tissues, instances : (X, Y, Z) int16 tensors
        Painted in place.
    """

    grid: Grid
    points: Tensor
    tissues: Tensor
    instances: Tensor

    def window(self, centre: NDArray[np.float64], radii: tuple[float, ...]) -> "Canvas | None":
        """Part of the canvas around a shape, sharing its memory; None if the shape is out of view."""
        box = self.grid.box(centre, radii)
        return None if box is None else self.cut(box)

    def cut(self, box: Box) -> "Canvas":
        """Part of the canvas inside a box, sharing its memory."""
        return replace(
            self, points=self.points[:, *box], tissues=self.tissues[box], instances=self.instances[box]
        )

    def local(self, centre: NDArray[np.float64], axes: NDArray[np.float64]) -> Tensor:
        """Coordinates (u, v, w) in the frame with this centre and these axes (columns): (3, X, Y, Z)."""
        rotation = torch.tensor(axes.T, dtype=torch.float32, device=self.grid.device)
        shift = torch.tensor(centre, dtype=torch.float32, device=self.grid.device).view(3, 1, 1, 1)
        return torch.einsum("ij,jxyz->ixyz", rotation, self.points - shift)

    def paint(self, where: Tensor, tissue: Tissue, instance: int | None = None) -> None:
        """Fill a mask with a tissue; change the structure's number only if one is given."""
        self.tissues.masked_fill_(where, int(tissue))
        if instance is not None:
            self.instances.masked_fill_(where, instance)

    def paint_bone(
        self, where: Tensor, shell: Tensor, cortex: Tissue, marrow: Tissue, instance: int | None = None
    ) -> None:
        """Fill a mask with marrow and, where `shell` holds too, with cortex."""
        self.paint(where, marrow, instance)
        self.paint(where & shell, cortex)


def blank_canvas(grid: Grid, random: Randomness) -> Canvas:
    """Canvas of air whose space is bent by a coarse and a fine random warp."""
    coarse = random.uniform(0.3, 2.2)  # mm
    points = grid.points() + smooth_field(random, grid, 3, 28) * coarse
    points = points + smooth_field(random, grid, 3, 10) * random.uniform(0.1, 0.7)
    tissues = torch.zeros(grid.shape, dtype=torch.int16, device=grid.device)
    return Canvas(grid, points, tissues, torch.zeros_like(tissues))
