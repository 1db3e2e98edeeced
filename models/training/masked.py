"""A masked autoencoder around the encoder (He et al., CVPR 2022;15979-15988), in three dimensions.

The encoder sees a quarter of the patches only, which makes a step cheap; a small decoder guesses the others.
It paints them at half the resolution: a structure of a dozen slices holds no finer detail once it is
stretched to the cube.
"""

import torch
from monai.networks.blocks.transformerblock import TransformerBlock
from torch import Tensor, nn
from torch.nn import functional

from models.backbone.patches import patches, pick
from models.vit import FeatureViT

MASKED = 0.75
WIDTH, LAYERS, HEADS = 96, 2, 4  # of the decoder
COARSER = 2  #: voxels of the cube along one voxel that the decoder paints


class MaskedAutoencoder(nn.Module):
    """The encoder with a decoder that is thrown away after the training.

    Parameters
    ----------
    encoder : FeatureViT
        Its position embeddings start as sines and cosines, and are learned from there.
    """

    def __init__(self, encoder: FeatureViT) -> None:
        super().__init__()
        self.encoder = encoder
        patch = encoder.side // encoder.grid
        self.narrow = nn.Linear(encoder.hidden, WIDTH)
        self.hidden_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.places: Tensor
        self.register_buffer("places", sines(encoder.grid, WIDTH), persistent=False)
        self.blocks = nn.Sequential(
            *[TransformerBlock(WIDTH, 4 * WIDTH, HEADS, use_flash_attention=True) for _ in range(LAYERS)]
        )
        self.paint = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, (patch // COARSER) ** 3))
        nn.init.trunc_normal_(self.hidden_token, std=0.02)
        with torch.no_grad():
            encoder.positions.copy_(sines(encoder.grid, encoder.hidden))

    def forward(self, cubes: Tensor, noise: Tensor) -> Tensor:
        """Give the mean squared error over the hidden patches.

        Parameters
        ----------
        cubes : float32 tensor of shape (N, 1, side, side, side)
        noise : float32 tensor of shape (N, tokens)
            The patches with the lowest numbers are shown, a quarter of them.

        Returns
        -------
        Tensor of shape ()
        """
        order = noise.argsort(dim=1)
        shown = order[:, : round(order.shape[1] * (1 - MASKED))]
        guesses = self._guess(self.encoder.shown_tokens(cubes, shown), order, shown)
        truth = patches(functional.avg_pool3d(cubes, COARSER), self.encoder.grid)
        hidden = order[:, shown.shape[1] :]
        return functional.mse_loss(pick(guesses, hidden).float(), pick(truth, hidden))

    def _guess(self, tokens: Tensor, order: Tensor, shown: Tensor) -> Tensor:
        """Paint every patch from the tokens of the shown ones: (N, tokens, voxels of a coarse patch)."""
        known = self.narrow(tokens)
        every = self.hidden_token.to(known.dtype).expand(*order.shape, -1)
        every = every.scatter(1, shown[..., None].expand(-1, -1, WIDTH), known)
        painted: Tensor = self.paint(self.blocks(every + self.places))
        return painted


def sines(grid: int, width: int) -> Tensor:
    """Give every place of a grid its own sines and cosines (Vaswani et al. 2017), a third of them per axis.

    Returns
    -------
    float32 tensor of shape (1, grid ** 3, width)
        `width` is a multiple of 6.
    """
    rates = 10000 ** -(torch.arange(width // 6) / (width // 6))
    angles = torch.arange(grid)[:, None] * rates
    line = torch.cat([angles.sin(), angles.cos()], dim=1)  # (grid, width / 3)
    axes = torch.meshgrid(*[torch.arange(grid)] * 3, indexing="ij")
    return torch.cat([line[axis.flatten()] for axis in axes], dim=1)[None]
