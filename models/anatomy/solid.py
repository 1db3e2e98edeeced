"""A bone as a distance on a part of the grid, so that its neighbours can keep clear of it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.grid import Box

FAR = 1e3  # mm


@dataclass(frozen=True, eq=False)
class Solid:
    """A bone's signed distance.

    Attributes
    ----------
    box : three slices
        The part of the grid that holds the bone.
    distance : (x, y, z) float32 tensor
        mm to the surface at every voxel of the box, negative inside.
    """

    box: Box
    distance: Tensor

    def seen_from(self, box: Box) -> Tensor:
        """Return the distance on another box of the grid; far outside its own."""
        result = torch.full(
            [s.stop - s.start for s in box], FAR, dtype=self.distance.dtype, device=self.distance.device
        )
        common = [
            slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(self.box, box, strict=True)
        ]
        if any(s.stop <= s.start for s in common):
            return result
        there = tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(common, box, strict=True))
        here = tuple(
            slice(s.start - b.start, s.stop - b.start) for s, b in zip(common, self.box, strict=True)
        )
        result[there] = self.distance[here]
        return result
