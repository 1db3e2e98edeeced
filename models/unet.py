"""A plain U-Net for two or three dimensions: small enough for a CPU, strided rather than pooled."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Dimensions = Literal[2, 3]


def _block(inputs: int, outputs: int, stride: int, dimensions: Dimensions) -> nn.Sequential:
    """Convolution 3, batch normalisation, ReLU."""
    layers: tuple[nn.Module, nn.Module]
    if dimensions == 2:
        layers = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
    else:
        layers = nn.Conv3d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm3d(outputs)
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


class UNet(nn.Module):
    """Encoder of strided convolutions, decoder of nearest-neighbour upsampling (Ronneberger 2015).

    Parameters
    ----------
    in_channels, out_channels : int
        Channels in; maps (classes and, for the CT network, vote components) out.
    features : tuple of int
        Channels of each level, finest first; the input is padded to a multiple of 2**(levels - 1).
    dimensions : {2, 3}
        2 for (N, C, H, W) slices with their neighbours as channels, 3 for (N, C, D, H, W) volumes.
    """

    def __init__(
        self, in_channels: int, out_channels: int, features: tuple[int, ...], dimensions: Dimensions
    ) -> None:
        super().__init__()
        self.stride = 2 ** (len(features) - 1)
        first = nn.Sequential(
            _block(in_channels, features[0], 1, dimensions), _block(features[0], features[0], 1, dimensions)
        )
        rest = [
            nn.Sequential(_block(a, b, 2, dimensions), _block(b, b, 1, dimensions))
            for a, b in pairwise(features)
        ]
        self.encoder = nn.ModuleList([first, *rest])
        self.decoder = nn.ModuleList(_block(a + b, a, 1, dimensions) for a, b in pairwise(features))
        head = nn.Conv2d if dimensions == 2 else nn.Conv3d
        self.head = head(features[0], out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the input's spatial shape; each side must be a multiple of `stride`."""
        skips = []
        for level in self.encoder:
            x = level(x)
            skips.append(x)
        skips.pop()
        for level, skip in zip(reversed(self.decoder), reversed(skips), strict=True):
            x = functional.interpolate(x, size=skip.shape[2:], mode="nearest")
            x = level(torch.cat([x, skip], dim=1))
        logits: Tensor = self.head(x)
        return logits
