"""A masked autoencoder around the encoder (He et al., CVPR 2022;15979-15988), in three dimensions.

The encoder sees a quarter of the patches only, which makes a step cheap; a small decoder guesses others.
It paints them at half the resolution: a structure of a dozen slices holds no finer detail once it is
stretched to the cube.
"""

import torch
from monai.networks.blocks.transformerblock import TransformerBlock
from torch import Tensor, nn
from torch.nn import functional

from models.backbone.patches import pick_patches
from models.vit import FeatureViT

MASKED = 0.75
GUESSED = 0.25  #: of all patches; a part of the hidden ones teaches as well (Fu et al., arXiv:2401.14391)
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
        self.register_buffer("places", sines(encoder.grid, WIDTH)[0], persistent=False)
        self.blocks = nn.Sequential(
            *[TransformerBlock(WIDTH, 4 * WIDTH, HEADS, use_flash_attention=True) for _ in range(LAYERS)]
        )
        self.paint = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, (patch // COARSER) ** 3))
        nn.init.trunc_normal_(self.hidden_token, std=0.02)
        with torch.no_grad():
            encoder.positions.copy_(sines(encoder.grid, encoder.hidden))

    def forward(self, cubes: Tensor, noise: Tensor) -> Tensor:
        """Give the mean squared error over hidden patches.

        Parameters
        ----------
        cubes : float32 tensor of shape (N, 1, side, side, side)
        noise : float32 tensor of shape (N, tokens)
            The patches with the lowest numbers are shown, a quarter of them; the next
            quarter is guessed.

        Returns
        -------
        Tensor of shape ()
        """
        order = noise.argsort(dim=1)
        count = round(order.shape[1] * (1 - MASKED))
        shown, hidden = order[:, :count], order[:, count : count + round(order.shape[1] * GUESSED)]
        guesses = self._guess(self.encoder.shown_tokens(cubes, shown), shown, hidden)
        truth = functional.avg_pool3d(pick_patches(cubes, self.encoder.grid, hidden), COARSER)
        return functional.mse_loss(guesses.float(), truth.flatten(2))

    def _guess(self, tokens: Tensor, shown: Tensor, hidden: Tensor) -> Tensor:
        """Paint the hidden patches from the tokens of the shown ones: (N, some, voxels of a coarse patch)."""
        known = self.narrow(tokens) + self.places[shown]
        asked = self.hidden_token + self.places[hidden]
        painted: Tensor = self.paint(self.blocks(torch.cat([known, asked.to(known.dtype)], dim=1)))
        return painted[:, shown.shape[1] :]


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
