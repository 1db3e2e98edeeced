"""PyRadiomics on one prepared crop."""

import logging
from collections import OrderedDict

import numpy as np
import SimpleITK
from radiomics.featureextractor import RadiomicsFeatureExtractor

from pipelines.errors import FeatureError
from pipelines.features.radiomics.prepare import Crop
from pipelines.features.radiomics.profiles import Profile

# PyRadiomics logs to stderr through a handler of its own, a line for every filter and warning. Only its own
# logger is turned down; the application's logging stays as it is.
logging.getLogger("radiomics").setLevel(logging.CRITICAL)


def compute(crop: Crop, profile: Profile) -> "OrderedDict[str, float]":
    """Compute a profile's features of one crop.

    Parameters
    ----------
    crop : Crop
    profile : Profile

    Returns
    -------
    OrderedDict of str to float
        In PyRadiomics' order, under its names: "original_shape_Elongation",
        "wavelet-HHH_gldm_DependenceVariance" …

    Raises
    ------
    FeatureError
        ENGINE_FAILED where PyRadiomics refuses what has passed the checks of `outcomes`.
    """
    image = SimpleITK.GetImageFromArray(crop.image)
    mask = SimpleITK.GetImageFromArray(crop.roi.astype(np.uint8))
    for each in (image, mask):
        each.SetSpacing(crop.spacing[::-1])  # x, y, z
    try:
        found = _extractor(profile).execute(image, mask)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise FeatureError(
            "ENGINE_FAILED", f"PyRadiomics could not compute the structure: {error}"
        ) from error
    return OrderedDict((name, float(value)) for name, value in found.items())


def _extractor(profile: Profile) -> RadiomicsFeatureExtractor:
    extractor = RadiomicsFeatureExtractor(additionalInfo=False, **profile.engine_settings)
    extractor.disableAllImageTypes()
    for name in profile.image_types:
        extractor.enableImageTypeByName(name)
    extractor.disableAllFeatures()
    for name in profile.classes:
        extractor.enableFeatureClassByName(name)
    return extractor
