"""Names that other programs give to the parts of a transformer, turned into MONAI's."""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

Rule = tuple[str, str]

PREFIXES = (
    "module",
    "_orig_mod",
    "model",
    "network",
    "net",
    "backbone",
    "encoder",
    "student",
    "teacher",
    "vit",
    "swinViT",
    "swin_vit",
    "transformer",
)
"""Wrappers around the encoder, stripped as often as they stand in front."""

RULES: tuple[Rule, ...] = (
    (r"^pos_embed$", "patch_embedding.position_embeddings"),
    (r"^patch_embed\.proj\.", "patch_embedding.patch_embeddings."),
    (r"\.attn\.proj\.", ".attn.out_proj."),
    (r"\.mlp\.fc([12])\.", r".mlp.linear\1."),
    (r"^(ln_f|ln_post|fc_norm|norm_pre)\.", "norm."),
)
"""timm's and the original implementations' names; MONAI's own need none of them."""

SWIN_RULES: tuple[Rule, ...] = ((r"\.mlp\.fc([12])\.", r".mlp.linear\1."),)
"""For SwinUNETR's encoder, whose other names are MONAI's."""


def strip_prefixes(name: str) -> str:
    """Remove wrappers' names from the front: "module.backbone.blocks.0 …" gives "blocks.0 …"."""
    first, dot, rest = name.partition(".")
    while dot and first in PREFIXES:
        name = rest
        first, dot, rest = name.partition(".")
    return name


def is_swin(names: Iterable[str]) -> bool:
    """Tell a Swin transformer from a ViT by its parts."""
    return any("relative_position_bias_table" in name for name in names)


def rename(weights: Mapping[str, Tensor], own: Iterable[Rule] = ()) -> dict[str, tuple[str, Tensor]]:
    """Give every tensor the name that MONAI's network has for it.

    Parameters
    ----------
    weights : mapping of str to Tensor
    own : iterable of (pattern, replacement)
        A site's own rules, applied first (`re.sub`, in their order).

    Returns
    -------
    dict of str to (str, Tensor)
        By the new name: the name in the file, and the tensor. Of two tensors with one new name the first
        is kept.
    """
    rules = (*own,)
    found: dict[str, tuple[str, Tensor]] = {}
    for source, value in weights.items():
        name = strip_prefixes(_apply(rules, source))
        found.setdefault(name, (source, value))
    built_in = SWIN_RULES if is_swin(found) else RULES
    renamed: dict[str, tuple[str, Tensor]] = {}
    for name, item in found.items():
        renamed.setdefault(_apply(built_in, name), item)
    return renamed if is_swin(found) else _with_last_norm(renamed)


def _apply(rules: Iterable[Rule], name: str) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _with_last_norm(found: dict[str, tuple[str, Tensor]]) -> dict[str, tuple[str, Tensor]]:
    """MONAI's MaskedAutoEncoderViT keeps the last norm as one block more: `blocks.12.weight`."""
    return {re.sub(r"^blocks\.\d+\.(weight|bias)$", r"norm.\1", name): item for name, item in found.items()}
