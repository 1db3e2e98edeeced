"""PyRadiomics itself on one prepared crop: the oracle of the node's own engine, and its alternative."""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from radiomics.featureextractor import RadiomicsFeatureExtractor

from pipelines.errors import FeatureError
from pipelines.features.radiomics.prepare import Crop
from pipelines.features.radiomics.profiles import Profile
from pipelines.features.radiomics.resample import Triple

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
    found: OrderedDict[str, float] = OrderedDict()
    for kind in profile.image_types:
        wide = kind == "LoG"
        image, roi = (crop.wide, crop.embed(crop.roi)) if wide else (crop.image, crop.roi)
        classes = [name for name in profile.classes if name != "shape" or not found]
        found.update(_extract(image, roi, crop.spacing, _extractor(profile, kind, classes)))
    return found


def _extract(
    image: NDArray[np.float64], roi: NDArray[np.bool_], spacing: Triple, extractor: RadiomicsFeatureExtractor
) -> Iterator[tuple[str, float]]:
    images = SimpleITK.GetImageFromArray(image), SimpleITK.GetImageFromArray(roi.astype(np.uint8))
    for each in images:
        each.SetSpacing(spacing[::-1])  # x, y, z
    try:
        found = extractor.execute(*images)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise FeatureError(
            "ENGINE_FAILED", f"PyRadiomics could not compute the structure: {error}"
        ) from error
    return ((name, float(value)) for name, value in found.items())


def _extractor(profile: Profile, image_type: str, classes: Iterable[str]) -> RadiomicsFeatureExtractor:
    extractor = RadiomicsFeatureExtractor(additionalInfo=False, **profile.engine_settings)
    extractor.disableAllImageTypes()
    extractor.enableImageTypeByName(image_type)
    extractor.disableAllFeatures()
    for name in classes:
        extractor.enableFeatureClassByName(name)
    return extractor
