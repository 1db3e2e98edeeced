"""An image as nnU-Net v2 prepares it, and its sliding window, with MONAI's means."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from pipelines.errors import ModelError
from pipelines.segmentation.backends.nnunet import PLANS, Plan, Trained
from pipelines.segmentation.backends.place import Affine
from pipelines.segmentation.orientation import orient
from pipelines.types import Volume

OVERLAP, SIGMA = 0.5, 0.125  #: of the patch: nnU-Net's tile_step_size and sigma_scale
NORMALISATIONS = ("CTNormalization", "ZScoreNormalization", "RescaleTo01Normalization", "NoNormalization")


def check_normalisation(plan: Plan) -> None:
    """Refuse a plan whose normalisation is not known.

    Raises
    ------
    ModelError
        MODEL_FILES, with the key.
    """
    wanted = plan.configuration["normalization_schemes"]
    if len(wanted) != 1 or wanted[0] not in NORMALISATIONS:
        raise ModelError(
            "MODEL_FILES",
            f"{plan.folder / PLANS}: normalization_schemes: one of {', '.join(NORMALISATIONS)} is known"
            f" (given: {wanted})",
        )


def prepare(plan: Plan, volume: Volume) -> tuple[Tensor, Affine]:
    """Orient, resample, crop to what is not zero, normalise.

    Returns
    -------
    float32 tensor of shape (1, 1, i, j, k) along the plan's axes, and its affine, (i, j, k, 1) -> LPS mm
    """
    oriented = orient(volume)  # (L, P, S); nnU-Net reads (S, A, R)
    image = torch.from_numpy(np.ascontiguousarray(oriented.array[::-1, ::-1].transpose(2, 1, 0)))
    affine = oriented.affine.copy()
    for axis in (0, 1):
        affine[:3, 3] += affine[:3, axis] * (oriented.array.shape[axis] - 1)
        affine[:3, axis] *= -1
    order = list(plan.transpose)
    affine[:3, :3] = affine[:3, [2, 1, 0]][:, order]
    image, affine = _resampled(image.permute(order), affine, plan.configuration["spacing"])
    image, affine = _cropped(image, affine)
    return _normalised(image, plan)[None, None], affine


def window(plan: Plan, trained: Trained, image: Tensor) -> Tensor:
    """Return logits (1, outputs, i, j, k) of a prepared image, patch by patch."""
    logits: Tensor = sliding_window_inference(
        image,
        plan.configuration["patch_size"],
        1,
        trained,
        overlap=OVERLAP,
        mode="gaussian",
        sigma_scale=SIGMA,
    )
    return logits


def _resampled(image: Tensor, affine: Affine, spacing: list[float]) -> tuple[Tensor, Affine]:
    """Interpolate linearly to a spacing in mm."""
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    size = [max(1, round(n * s / t)) for n, s, t in zip(image.shape, steps, spacing, strict=True)]
    scale = np.array(image.shape) / size
    resampled = functional.interpolate(image[None, None], size=size, mode="trilinear")[0, 0]
    affine = affine.copy()
    affine[:3, 3] += affine[:3, :3] @ ((scale - 1) / 2)
    affine[:3, :3] *= scale
    return resampled, affine


def _cropped(image: Tensor, affine: Affine) -> tuple[Tensor, Affine]:
    """Leave out the margins that are exactly zero."""
    boxes = ndimage.find_objects((image != 0).numpy().astype(np.uint8))
    if not boxes:
        return image, affine
    affine = affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [side.start for side in boxes[0]]
    return image[boxes[0]], affine


def _normalised(image: Tensor, plan: Plan) -> Tensor:
    """Scale as the plan says; with its mask, nnU-Net looks at what is not zero alone."""
    (scheme,) = plan.configuration["normalization_schemes"]
    if scheme == "CTNormalization":
        return _ct(image, plan.intensities)
    if scheme == "ZScoreNormalization":
        return _z_score(image, bool(plan.configuration.get("use_mask_for_norm", [False])[0]))
    if scheme == "RescaleTo01Normalization":
        image = image - image.min()
        return image / image.max().clamp(min=1e-8)
    return image


def _ct(image: Tensor, of_training: Mapping[str, Any]) -> Tensor:
    image = image.clamp(of_training["percentile_00_5"], of_training["percentile_99_5"])
    scaled: Tensor = (image - of_training["mean"]) / max(of_training["std"], 1e-8)
    return scaled


def _z_score(image: Tensor, masked: bool) -> Tensor:
    if not masked:
        return (image - image.mean()) / image.std(correction=0).clamp(min=1e-8)
    mask = torch.from_numpy(ndimage.binary_fill_holes((image != 0).numpy()))
    inside = image[mask]
    scaled = (image - inside.mean()) / inside.std(correction=0).clamp(min=1e-8)
    return torch.where(mask, scaled, image)
