"""Run a network for slices with their neighbours on whole volumes, as MONAI's inferers do for patches."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class NeighbourInferer:
    """Slice by slice along one axis, each with the slice before and after it as channels; edges repeat.

    Parameters
    ----------
    axis : int
        Across the slices: 0 for the first spatial axis.
    step : int
        How many slices away the neighbours are.
    stride : int
        Each side of a slice is padded to a multiple of this, by repeating its far edge.
    """

    def __init__(self, axis: int, step: int = 1, stride: int = 1) -> None:
        self.axis = axis
        self.step = step
        self.stride = stride

    def __call__(self, inputs: Tensor, network: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Return maps of shape (1, C, i, j, k) for an image of shape (1, 1, i, j, k)."""
        slices = inputs[0, 0].movedim(self.axis, 0)  # (N, H, W)
        index = torch.arange(len(slices), device=slices.device)
        near = [(index + by).clamp(0, len(slices) - 1) for by in (-self.step, 0, self.step)]
        height, width = slices.shape[1:]
        pad = 0, -width % self.stride, 0, -height % self.stride
        maps = [
            network(functional.pad(torch.stack([slices[n[k]] for n in near])[None], pad, mode="replicate"))
            for k in range(len(slices))
        ]
        stacked = torch.cat(maps)[:, :, :height, :width]  # (N, C, H, W)
        return stacked.transpose(0, 1).movedim(1, self.axis + 1)[None]
