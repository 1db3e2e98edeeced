"""A Swin transformer in place of the ViT, for a site that brings weights of one.

MONAI's encoder of SwinUNETR (Hatamizadeh et al. 2022; Tang et al., CVPR 2022;20730-20740); the features are
the mean over the last stage's voxels.
"""

from collections.abc import Sequence

from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor, nn


class FeatureSwin(nn.Module):
    """Cube in, pooled last stage out.

    Parameters
    ----------
    side : int
        Voxels along a side of the cube, a multiple of 32.
    embed : int
        Width of the first stage; each further one is twice as wide, the output sixteen times.
    window, patch : int
        Voxels along a side of an attention window and of a patch.
    depths, heads : sequence of four ints
        Blocks and attention heads of each stage.
    qkv_bias : bool
    """

    def __init__(
        self,
        *,
        side: int,
        embed: int,
        window: int,
        patch: int,
        depths: Sequence[int],
        heads: Sequence[int],
        qkv_bias: bool = True,
    ) -> None:
        super().__init__()
        self.side = side
        self.hidden = 16 * embed
        self.backbone = SwinTransformer(
            in_chans=1,
            embed_dim=embed,
            window_size=(window,) * 3,
            patch_size=(patch,) * 3,
            depths=depths,
            num_heads=heads,
            qkv_bias=qkv_bias,
        )

    def freeze(self, but: int) -> None:
        """Let only the last `but` of the four stages learn."""
        self.requires_grad_(False)  # torch's own signature
        stages = (self.backbone.layers1, self.backbone.layers2, self.backbone.layers3, self.backbone.layers4)
        for stage in stages[len(stages) - but :]:
            stage.requires_grad_(True)

    def forward(self, cubes: Tensor) -> Tensor:
        """Map cubes of shape (N, 1, side, side, side) to features of shape (N, hidden)."""
        last = self.backbone(cubes)[-1]  # (N, hidden, side / 32, side / 32, side / 32)
        pooled: Tensor = last.mean(dim=(2, 3, 4))
        return pooled
