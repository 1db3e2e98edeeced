"""Run a network for slices with their neighbours on whole volumes, as MONAI's inferers do for patches."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from torch import Tensor
from torch.nn import functional


class NeighbourInferer:
    """Slice by slice along one axis, each with others as channels; the stack's ends repeat.

    Parameters
    ----------
    axis : int
        Across the slices: 0 for the first spatial axis.
    neighbours_mm : sequence of float
        How far away the slices are that a slice is shown with, itself (0) among them: at least one slice.
    stride : int
        Each side of a slice is padded to a multiple of this, by repeating its far edge.
    """

    def __init__(self, axis: int, neighbours_mm: Sequence[float], stride: int = 1) -> None:
        self.axis = axis
        self.neighbours_mm = tuple(neighbours_mm)
        self.stride = stride

    def __call__(
        self, inputs: MetaTensor, network: Callable[..., Tensor], *args: Any, **kwargs: Any
    ) -> Tensor:
        """Return maps (1, C, i, j, k) for an image (1, 1, i, j, k) that knows its affine."""
        slices = inputs.as_tensor()[0, 0].movedim(self.axis, 0)  # (N, H, W)
        affine = np.asarray(inputs.affine.cpu(), np.float64).reshape(-1, 4, 4)[0]
        shifts = self.shifts(float(np.linalg.norm(affine[:3, self.axis])))
        height, width = slices.shape[1:]
        pad = 0, -width % self.stride, 0, -height % self.stride
        last = len(slices) - 1
        maps = []
        for k in range(len(slices)):
            stack = torch.stack([slices[min(max(k + shift, 0), last)] for shift in shifts])[None]
            maps.append(network(functional.pad(stack, pad, mode="replicate")))
        stacked = torch.cat(maps)[:, :, :height, :width]  # (N, C, H, W)
        return stacked.transpose(0, 1).movedim(1, self.axis + 1)[None]

    def shifts(self, step_mm: float) -> tuple[int, ...]:
        """Return how many slices away the neighbours are where the distance between slices is `step_mm`."""
        counts = (max(1, round(abs(mm) / step_mm)) if mm else 0 for mm in self.neighbours_mm)
        signs = (1 if mm > 0 else -1 for mm in self.neighbours_mm)
        return tuple(sign * count for sign, count in zip(signs, counts, strict=True))
