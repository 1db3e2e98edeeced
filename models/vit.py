"""A small 3D Vision Transformer whose pooled tokens are the deep features.

MONAI's ViT (Dosovitskiy et al. 2021, in three dimensions) over one cube per structure; the features are the
mean of the last layer's tokens, which is what a head would read (Zou et al. 2025: "average pool").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from monai.networks.nets.vit import ViT
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from models.backbone.patches import pick, pick_patches
from models.manifest import Manifest, open_model, write_manifest
from models.swin import FeatureSwin

WEIGHTS_FILE = "weights.safetensors"

SETTINGS: Mapping[str, int] = MappingProxyType(
    {"side": 128, "patch": 16, "hidden": 192, "mlp": 768, "layers": 8, "heads": 6}
)
"""4.4 million parameters over 512 tokens."""


class FeatureViT(nn.Module):
    """Cube in, pooled tokens out.

    Parameters
    ----------
    side, patch : int
        Voxels along a side of the cube and of a token's patch; `patch` divides `side`.
    hidden, mlp, layers, heads : int
        Width of a token and of the block's inner layer, number of blocks and of attention heads.
    qkv_bias : bool
        Whether queries, keys and values have a bias.
    """

    def __init__(
        self,
        *,
        side: int,
        patch: int,
        hidden: int,
        mlp: int,
        layers: int,
        heads: int,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        self.side = side
        self.hidden = hidden
        self.grid = side // patch
        self.backbone = ViT(
            in_channels=1,
            img_size=(side, side, side),
            patch_size=(patch, patch, patch),
            hidden_size=hidden,
            mlp_dim=mlp,
            num_layers=layers,
            num_heads=heads,
            qkv_bias=qkv_bias,
        )

    def forward(self, cubes: Tensor) -> Tensor:
        """Map cubes of shape (N, 1, side, side, side) to features of shape (N, hidden)."""
        tokens, _ = self.backbone(cubes)  # (N, tokens, hidden)
        pooled: Tensor = tokens.mean(dim=1)
        return pooled

    @property
    def positions(self) -> nn.Parameter:
        """Position embeddings of shape (1, tokens, hidden)."""
        positions: nn.Parameter = self.backbone.patch_embedding.position_embeddings
        return positions

    def freeze(self, but: int) -> None:
        """Let only the last `but` blocks and the norm learn."""
        self.requires_grad_(False)  # torch's own signature
        for part in (*self.backbone.blocks[len(self.backbone.blocks) - but :], self.backbone.norm):
            part.requires_grad_(True)

    def shown_tokens(self, cubes: Tensor, shown: Tensor) -> Tensor:
        """Encode a part of the patches alone, as if the others were not there.

        Parameters
        ----------
        cubes : tensor of shape (N, 1, side, side, side)
        shown : int64 tensor of shape (N, some)
            Which tokens.

        Returns
        -------
        tensor of shape (N, some, hidden)
        """
        embed = self.backbone.patch_embedding.patch_embeddings
        rows = pick_patches(cubes, self.grid, shown).flatten(2)
        positions = pick(self.positions.expand(len(cubes), -1, -1), shown)
        tokens = functional.linear(rows, embed.weight.flatten(1), embed.bias) + positions
        for block in self.backbone.blocks:
            tokens = block(tokens)
        found: Tensor = self.backbone.norm(tokens)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Encoder:
    """A network with its weights and its manifest, ready to use."""

    network: FeatureViT | FeatureSwin
    manifest: Manifest
    device: torch.device

    def features(self, cubes: Tensor) -> Tensor:
        """Give the features of cubes.

        Parameters
        ----------
        cubes : float32 tensor of shape (N, 1, side, side, side)
            Each of mean 0 and SD 1.

        Returns
        -------
        float32 tensor of shape (N, hidden), on the CPU
        """
        with torch.inference_mode():
            found: Tensor = self.network(cubes.to(self.device))
        return found.cpu()


def load(name: str = "vit", root: Path | None = None, device: str = "cpu") -> Encoder:
    """Load an encoder after its files have been checked against their digests.

    Parameters
    ----------
    name : str
        Folder of the model.
    root : Path, optional
        Folder of models; the shipped ones by default.
    device : str
        Torch's name of a device.

    Raises
    ------
    models.manifest.ManifestError
        If the manifest or the weights are missing or not those described.
    """
    folder, manifest = open_model(name, root)
    network = build(manifest.settings)
    state = load_file(folder / WEIGHTS_FILE)
    network.load_state_dict({key: _as(value, torch.float32) for key, value in state.items()})
    place = torch.device(device)
    return Encoder(network.eval().to(place), manifest, place)


def build(settings: Mapping[str, Any]) -> FeatureViT | FeatureSwin:
    """Build the network that a manifest's settings describe; "kind" is "vit" where nothing is said."""
    values = {key: value for key, value in settings.items() if key != "kind"}
    return FeatureSwin(**values) if settings.get("kind") == "swin" else FeatureViT(**values)


def _as(value: Tensor, kind: torch.dtype) -> Tensor:
    """Bring numbers with a fraction to another type; indices stay what they are."""
    return value.to(kind).contiguous() if value.is_floating_point() else value.contiguous()


def initialised(seed: int, settings: Mapping[str, Any] = SETTINGS) -> FeatureViT:
    """Build an untrained network; the same seed gives the same weights, torch's generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FeatureViT(**settings).eval()


def write(
    network: FeatureViT | FeatureSwin,
    folder: Path,
    settings: Mapping[str, Any],
    about: Mapping[str, Any],
    also: Sequence[str] = (),
) -> Manifest:
    """Write weights (fp16) and manifest.

    Parameters
    ----------
    network : FeatureViT or FeatureSwin
    folder : Path
        Made if absent.
    settings : mapping
        What `network` was built with.
    about : mapping
        The manifest's name, version, license, intended_use, training_data and metrics.
    also : sequence of str
        Files in `folder` that belong to the model too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    halves = {key: _as(value, torch.float16) for key, value in network.state_dict().items()}
    save_file(halves, folder / WEIGHTS_FILE)
    return write_manifest(folder, {**about, "settings": dict(settings), "files": [WEIGHTS_FILE, *also]})
