"""Radiomics features with PyRadiomics' names and values, under frozen profiles.

`extract` serves one region given as SimpleITK images, `extract_series` all structures of a segmented series.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import SimpleITK

from pipelines.errors import FeatureError
from pipelines.features.radiomics.engine import compute
from pipelines.features.radiomics.prepare import prepare, scaling
from pipelines.features.radiomics.profiles import FEATURE_CLASSES, HU, PAPER, PROFILES, Profile, resolve
from pipelines.features.radiomics.series import extract_series
from pipelines.features.radiomics.warm import warm

__all__ = [
    "FEATURE_CLASSES",
    "HU",
    "PAPER",
    "PROFILES",
    "Profile",
    "extract",
    "extract_series",
    "resolve",
    "warm",
]


def extract(
    image: SimpleITK.Image, mask: SimpleITK.Image, profile: str | Mapping[str, Any] | Profile, label: int = 1
) -> "OrderedDict[str, float]":
    """Extract the features of one labelled region.

    Parameters
    ----------
    image, mask : SimpleITK.Image
        3D, of the same size; only sizes and spacings are used, so that features do not depend on where and
        how the patient lay. Spacings are mm in x, y, z order.
    profile : str, mapping or Profile
        "paper", "hu", a mapping of PyRadiomics settings, or a profile.
    label : int
        The region's value in `mask`. Where a profile normalises over "labelled" voxels, all values
        above 0 count.

    Returns
    -------
    OrderedDict of str to float
        PyRadiomics' names, without diagnostics; 107 + 744 = 851 for original and wavelet images.

    Raises
    ------
    FeatureError
        SIZE_MISMATCH, an unusable profile, or an outcome such as ROI_EMPTY or ROI_CONSTANT.
    """
    chosen = resolve(profile)
    if image.GetSize() != mask.GetSize() or image.GetDimension() != 3:
        raise FeatureError(
            "SIZE_MISMATCH", f"image {image.GetSize()} and mask {mask.GetSize()} must be 3D and of one size"
        )
    voxels, labels = SimpleITK.GetArrayViewFromImage(image), SimpleITK.GetArrayViewFromImage(mask)
    column, row, slice_ = image.GetSpacing()
    scale = scaling(voxels, labels, chosen)
    return compute(prepare(voxels, labels == label, (slice_, row, column), chosen, scale), chosen)
