"""What a network must be like to hold the weights of a file: read off the tensors' shapes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from models.backbone.fitting import PATCH_WEIGHT, SWIN_PATCH_WEIGHT
from models.backbone.names import is_swin
from models.backbone.reading import WeightsError

SIDE = 128  #: voxels along a side of the cube, as in Zou et al. 2025
HEAD_WIDTH = 64  #: of an attention head, in nearly every published ViT
STRIDE = 32  #: a Swin transformer halves its image five times


def infer_settings(
    weights: Mapping[str, Tensor], heads: int | None = None, side: int = SIDE
) -> dict[str, Any]:
    """Give the settings of the network that these weights are of.

    Parameters
    ----------
    weights : mapping of str to Tensor
        By MONAI's names (`models.backbone.names.rename`).
    heads : int, optional
        Attention heads of a ViT, which its weights do not show; width / 64 by default.
    side : int
        Voxels along a side of the cube; the nearest multiple of the patch is taken.

    Returns
    -------
    dict
        For `models.vit.build`.

    Raises
    ------
    WeightsError
        If there is no transformer in the file, or none that fits a cube.
    """
    return _swin(weights, side) if is_swin(weights) else _vit(weights, heads, side)


def _vit(weights: Mapping[str, Tensor], heads: int | None, side: int) -> dict[str, Any]:
    kernel, inner = weights.get(PATCH_WEIGHT), weights.get("blocks.0.mlp.linear1.weight")
    if kernel is None or inner is None:
        names = ", ".join(list(weights)[:4])
        raise WeightsError(
            f"no transformer was found in it: {PATCH_WEIGHT} and blocks.0.mlp.linear1.weight are needed, it "
            f"begins with {names}; say with --map what they are called"
        )
    patch, hidden = _edge(kernel), int(kernel.shape[0])
    return {
        "side": patch * max(1, round(side / patch)),
        "patch": patch,
        "hidden": hidden,
        "mlp": int(inner.shape[0]),
        "layers": _count(weights, r"^blocks\.(\d+)\."),
        "heads": _heads(hidden, heads),
        "qkv_bias": "blocks.0.attn.qkv.bias" in weights,
    }


def _edge(kernel: Tensor) -> int:
    edges = set(kernel.shape[2:])
    if kernel.dim() not in {4, 5} or len(edges) != 1:
        raise WeightsError(
            f"its patches are of shape {tuple(kernel.shape[2:])}; they must be cubes or squares"
        )
    return int(edges.pop())


def _heads(hidden: int, heads: int | None) -> int:
    number = heads or hidden // HEAD_WIDTH
    if number < 1 or hidden % number or (heads is None and hidden % HEAD_WIDTH):
        raise WeightsError(
            f"{heads or 'how many'} attention heads for a width of {hidden}? Say with --heads; they divide it"
        )
    return number


def _count(names: Iterable[str], pattern: str) -> int:
    """Count what is numbered from 0."""
    return 1 + max((int(found[1]) for name in names if (found := re.match(pattern, name))), default=-1)


def _swin(weights: Mapping[str, Tensor], side: int) -> dict[str, Any]:
    stages = range(1, 5)
    tables = [weights.get(f"layers{stage}.0.blocks.0.attn.relative_position_bias_table") for stage in stages]
    kernel = weights.get(SWIN_PATCH_WEIGHT)
    if kernel is None or any(table is None for table in tables):
        raise WeightsError("a Swin transformer, but not SwinUNETR's encoder of four stages")
    shapes = [table.shape for table in tables if table is not None]
    window = (round(shapes[0][0] ** (1 / 3)) + 1) // 2
    if (2 * window - 1) ** 3 != shapes[0][0]:
        raise WeightsError("a Swin transformer of flat windows; one in three dimensions is needed")
    return {
        "kind": "swin",
        "side": STRIDE * max(1, round(side / STRIDE)),
        "embed": int(kernel.shape[0]),
        "window": window,
        "patch": _edge(kernel),
        "depths": [_count(weights, rf"^layers{stage}\.0\.blocks\.(\d+)\.") for stage in stages],
        "heads": [int(shape[1]) for shape in shapes],
        "qkv_bias": "layers1.0.blocks.0.attn.qkv.bias" in weights,
    }
