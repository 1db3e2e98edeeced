"""Leaving voxels out of a region by value (settings `resegmentRange`, `resegmentMode`, `resegmentShape`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.boxes import bounding_box
from pipelines.errors import FeatureError
from pipelines.features.radiomics.outcomes import check_shape, check_values


def resegment(
    image: NDArray[np.float64], roi: NDArray[np.bool_], settings: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Give the voxels of a region whose value is in the range, or the region itself where none is set.

    Parameters
    ----------
    image : float64 array of shape (slices, rows, columns)
    roi : bool array of the same shape
    settings : mapping

    Raises
    ------
    FeatureError
        PROFILE_INVALID, or an outcome of `outcomes` if too little is left.
    """
    limits = settings.get("resegmentRange")
    if limits is None:
        return roi
    low, high = _thresholds(image[roi], limits, settings.get("resegmentMode", "absolute"))
    kept = roi & (image >= low) & (image <= high)
    check_shape(kept)
    check_values(image, kept)
    return kept


def shape_roi(
    roi: NDArray[np.bool_], kept: NDArray[np.bool_], settings: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Give the region of the shape features: by default the original one, in the box of what was kept."""
    if settings.get("resegmentShape", False):
        return kept
    box = bounding_box(kept)
    within = np.zeros_like(roi)
    within[box] = roi[box]
    return within


def _thresholds(values: NDArray[np.float64], limits: Sequence[float], mode: str) -> tuple[float, float]:
    """Give the lowest and highest value to keep."""
    if len(limits) not in (1, 2):
        raise FeatureError("PROFILE_INVALID", f"resegmentRange={limits!r} must be one or two numbers")
    scale, zero = {
        "absolute": (1.0, 0.0),
        "relative": (float(values.max()), 0.0),
        "sigma": (float(values.std()), float(values.mean())),
    }[mode]
    bounds = [zero + scale * limit for limit in sorted(limits)]
    return bounds[0], bounds[1] if len(bounds) == 2 else float("inf")
