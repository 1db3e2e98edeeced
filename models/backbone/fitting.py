"""Tensors of another shape brought to the shape that the network has, where there is a right way to do it."""

import torch
from torch import Tensor
from torch.nn import functional

PATCH_WEIGHT = "patch_embedding.patch_embeddings.weight"
SWIN_PATCH_WEIGHT = "patch_embed.proj.weight"
POSITIONS = "patch_embedding.position_embeddings"


def fit(
    name: str, value: Tensor, shape: tuple[int, ...], grid: tuple[int, ...] | None = None
) -> tuple[Tensor, str] | None:
    """Bring a tensor to the shape of the network's parameter.

    Parameters
    ----------
    name : str
        The parameter, by MONAI's name.
    value : Tensor
    shape : tuple of int
        Of the parameter.
    grid : tuple of int, optional
        Patches along each axis of the image that the file's position embeddings were learned on; a square or
        a cube where nothing is said.

    Returns
    -------
    (Tensor, str) or None
        The tensor and what was done to it ("" where it fitted); None where it does not fit.
    """
    if tuple(value.shape) == shape:
        return value, ""
    if name in {PATCH_WEIGHT, SWIN_PATCH_WEIGHT}:
        return _fit_patches(value, shape)
    if name == POSITIONS:
        return _fit_positions(value, shape, grid)
    return None


def fold_rows(rows: Tensor) -> Tensor | None:
    """Turn the rows of MONAI's "perceptron" embedding into a convolution's kernel.

    Parameters
    ----------
    rows : Tensor of shape (hidden, patch ** 3 * channels)
        The channel runs fastest.

    Returns
    -------
    Tensor of shape (hidden, channels, patch, patch, patch), or None
        None where no cube of one to four channels has so many numbers.
    """
    for channels in range(1, 5):
        patch = round((rows.shape[1] / channels) ** (1 / 3))
        if channels * patch**3 == rows.shape[1]:
            return rows.reshape(len(rows), patch, patch, patch, channels).movedim(-1, 1).contiguous()
    return None


def _fit_patches(weight: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, str] | None:
    """Average input channels; repeat a flat kernel along the slices: the sum of its answers stays."""
    done = []
    if weight.dim() == 4 and len(shape) == 5:
        weight = weight[:, :, None].expand(-1, -1, shape[2], -1, -1) / shape[2]
        done.append("repeated along the slices")
    if weight.dim() == 5 and weight.shape[1] > 1:
        done.append(f"{weight.shape[1]} channels averaged")
        weight = weight.mean(dim=1, keepdim=True)
    return (weight.contiguous(), ", ".join(done)) if tuple(weight.shape) == shape else None


def _fit_positions(
    value: Tensor, shape: tuple[int, ...], grid: tuple[int, ...] | None
) -> tuple[Tensor, str] | None:
    """Interpolate between places; the class token's place, if there is one, comes first and is left out."""
    if value.dim() != 3 or value.shape[-1] != shape[-1]:
        return None
    side = round(shape[1] ** (1 / 3))
    for skipped in (0, 1):
        places = value[:, skipped:]
        if old := _grid_of(places.shape[1], grid):
            image = places[0].float().T.reshape(1, shape[-1], *([1] * (3 - len(old))), *old)
            new = functional.interpolate(image, size=(side,) * 3, mode="trilinear", align_corners=False)
            return new.flatten(2).transpose(1, 2).contiguous(), f"interpolated from {_times(old)} places"
    return None


def _grid_of(places: int, grid: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Give the grid that has so many places, if there is one."""
    if grid is not None:
        return grid if torch.tensor(grid).prod() == places else None
    for axes in (3, 2):
        side = round(places ** (1 / axes))
        if side**axes == places:
            return (side,) * axes
    return None


def _times(grid: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in grid)
